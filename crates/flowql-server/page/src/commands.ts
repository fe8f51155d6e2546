import { queryOf, type Question } from "./ask.js";
import { timeRange } from "./times.js";

/** A word of a command line, in quotes where a shell needs them. */
const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);

/** The command that answers the same. */
export function commandLine(question: Question, now: number): string {
  const { filter, by, unit, rank, limit, both } = question;
  const { from, to, points } = { ...queryOf(question, timeRange(question, now)) };
  const date = (time: number) => `${new Date(time * 1000).toISOString().slice(0, 19)}Z`;
  const words = ["flowql", "query", filter, "--series", "--top", by.join(), "--by", unit, "--rank", rank, "--limit", String(limit)];
  words.push("--points", String(points), "--from", date(from), "--to", date(to));
  if (both) words.push("--both");
  return words.map((text) => (text === "" ? "''" : word(text))).join(" ");
}

/** The call of the service that answers the same. */
export function curl(question: Question, now: number, service: string): string {
  const body = JSON.stringify(queryOf(question, timeRange(question, now)));
  return `curl ${word(new URL("api/v1/query", service).href)} --json ${word(body)}`;
}
