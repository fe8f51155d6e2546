import { type Answer, type Cell, type Plan, query } from "./api.js";
import { type State, timeRange, type Unit } from "./state.js";

/** How many of the top values have a line of their own in the chart; so many colours are in the style sheet. */
export const LINES = 8;

/** How many are in the table. */
const ROWS = 20;

const POINTS = 150;

/** A row of the top values. */
export interface TopRow {
  values: Cell[];
  /** What the values mean: the organisation of an AS, the name of a protocol; empty where nothing is known. */
  labels: string[];
  amount: number;
  /** Of the whole, from 0 to 1. */
  share: number;
}

/** A line of the chart. */
export interface Line {
  label: string;
  values: number[];
}

/** What a filter selects. */
export interface Selection {
  columns: string[];
  unit: Unit;
  rows: TopRow[];
  /** What is not among the rows. */
  rest: { amount: number; share: number };
  /** Seconds since 1970. */
  times: number[];
  /** One for each of the first rows; the last is all the others. */
  lines: Line[];
  plan: Plan;
}

/** What to ask. */
export type Question = Omit<State, "run">;

/** Asks for the top values, and for the series of the first of them. */
export async function ask(question: Question, signal: AbortSignal): Promise<Selection> {
  const { filter, by: columns, unit } = question;
  const common = { filter, columns, unit, ...timeRange(question, Date.now()) };
  const [top, series] = await Promise.all([
    query({ ...common, kind: "top", limit: ROWS }, signal),
    query({ ...common, kind: "series", limit: LINES, points: POINTS }, signal),
  ]);
  return selection(top, series, columns, unit);
}

/** When the newest flow of the whole store was received, in seconds since 1970; `null` for an empty store. */
export async function newest(signal: AbortSignal): Promise<number | null> {
  const to = Math.floor(Date.now() / 1000) + 86_400;
  const question = { filter: "", columns: ["TimeReceived"], unit: "flows" as const, from: 0, to, limit: 1 };
  const { rows } = await query({ ...question, kind: "flows" }, signal);
  const [row] = rows;
  return row === undefined ? null : number(row[0]);
}

const at = (answer: Answer, name: string): number => answer.columns.findIndex((column) => column.name === name);

const number = (cell: Cell | undefined): number => Number(cell ?? 0);

const key = (cells: Cell[]): string => JSON.stringify(cells);

/** A cell as a filter could say it. */
export const text = (cell: Cell): string => {
  if (Array.isArray(cell)) return cell.map(text).join(" ");
  return String(cell ?? "").replace(/^::ffff:(?=\d+\.)/, "");
};

/** A value as people read it. */
export const shown = (column: string, value: string): string => (value !== "" && column.endsWith("AS") ? `AS${value}` : value);

/** The two answers, put together. */
export function selection(top: Answer, series: Answer, columns: string[], unit: Unit): Selection {
  const [value, part] = [at(top, unit), at(top, "share")];
  const rows = top.rows.map((row) => ({
    values: columns.map((name) => row[at(top, name)] ?? null),
    labels: columns.map((name) => String(row[at(top, `${name}Name`)] ?? "")),
    amount: number(row[value]),
    share: number(row[part]),
  }));
  const share = Math.max(0, 1 - rows.reduce((sum, row) => sum + row.share, 0));
  const [first] = rows;
  const whole = first !== undefined && first.share > 0 ? first.amount / first.share : 0;
  return { columns, unit, rows, rest: { amount: whole * share, share }, ...lines(series, columns, rows, unit), plan: top.plan };
}

/** A line for each of the first rows and one for all others, over every time of the answer. */
function lines(answer: Answer, columns: string[], rows: TopRow[], unit: Unit): Pick<Selection, "times" | "lines"> {
  const [time, value] = [at(answer, "time"), at(answer, unit)];
  const times = [...new Set(answer.rows.map((row) => number(row[time])))].sort((a, b) => a - b);
  const places = new Map(times.map((moment, place) => [moment, place]));
  const found = new Map<string, number[]>();
  for (const row of answer.rows) {
    const name = key(columns.map((column) => row[at(answer, column)] ?? null));
    const values = found.get(name) ?? times.map(() => 0);
    found.set(name, values);
    values[places.get(number(row[time])) ?? 0] = number(row[value]);
  }
  const label = (row: TopRow) =>
    columns.map((name, place) => {
      const value = shown(name, text(row.values[place] ?? null));
      return [value, row.labels[place]].filter(Boolean).join(" ") || "empty";
    });
  const first = rows.slice(0, LINES).map((row) => ({
    label: label(row).join(" · "),
    values: found.get(key(row.values)) ?? times.map(() => 0),
  }));
  const others = found.get(key(columns.map(() => null)));
  if (others?.some((amount) => amount > 0)) first.push({ label: "all others", values: others });
  return { times, lines: first };
}
