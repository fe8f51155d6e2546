// What there is to know of numbers: where they come from, and which exporters were silent.
import type { Service } from "./api.js";
import type { Selection } from "./ask.js";

/** Something to know of the numbers that are shown. */
export interface Hint {
  text: string;
  /** Whether the numbers are wrong by it, and not only rough. */
  isGrave: boolean;
}

/** An exporter is silent that has sent no flow for so long, in seconds, or for two intervals of the table. */
export const SILENCE = 600;

const when = (time: number): string =>
  new Date(time * 1000).toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** What the answer itself says: how its table was chosen, and what the filter cannot select. */
export function ofAnswer({ plan, unit }: Selection, service: Service | null, asked: { from: number }): Hint[] {
  const hints: Hint[] = [];
  const table = service?.tables.find(({ name }) => name === plan.table);
  if (table?.oldest != null && table.oldest > asked.from + table.resolution) {
    hints.push({ text: `${plan.table} goes back to ${when(table.oldest)}: what is older is not counted`, isGrave: true });
  }
  const notes = plan.reason.split("; ").filter((note) => note.includes("may be missing") || note.includes("average packet"));
  for (const note of notes) hints.push({ text: note, isGrave: note.includes("may be missing") });
  for (const { severity, message } of plan.diagnostics ?? []) {
    if (severity === "warning") hints.push({ text: message, isGrave: false });
  }
  if (unit === "flows") hints.push({ text: "flows are counted as they were exported: they are not multiplied by the sampling rate", isGrave: false });
  return hints;
}

/** The exporters that were silent for a part of the time and sent before or after. */
export function silent(points: Map<string, boolean[]>, step: number, isSecret: boolean): Hint[] {
  const hints: Hint[] = [];
  let hidden = 0;
  for (const [name, seen] of points) {
    const [first, last] = [seen.indexOf(true), seen.lastIndexOf(true)];
    if (first < 0) continue;
    // The first and the last point may be parts: one of them without a flow says nothing.
    const inner = seen.slice(1, -1);
    const gaps = inner.filter((is) => !is).length;
    if (gaps === 0) continue;
    if (isSecret) {
      hidden++;
      continue;
    }
    const isOver = last < seen.length - 2;
    const text = isOver
      ? `${name} has sent nothing for ${span((seen.length - 1 - last) * step)} at the end of this time`
      : `${name} sent nothing for ${span(gaps * step)} of this time`;
    hints.push({ text, isGrave: true });
  }
  if (hidden > 0) hints.push({ text: `${hidden === 1 ? "an exporter" : `${hidden} exporters`} sent nothing for a part of this time`, isGrave: true });
  return hints;
}

const span = (seconds: number): string => (seconds < 7200 ? `about ${Math.round(seconds / 60)} min` : `about ${Math.round(seconds / 3600)} h`);
