import { query } from "./api.js";
import { assemble, keyOf, type Points, pointsOf, queryOf, type Question, type Selection } from "./ask.js";
import { timeRange } from "./times.js";

/** The most values that are asked for of new intervals: those that are shown must be among them. */
const MOST = 500;

/** How often new intervals are asked for, in milliseconds. */
const SOONEST = 4000;
const LATEST = 60_000;

/** How long to wait before the next question: a part of an interval, so that the newest one is seen to grow. */
export const pause = ({ plan }: Selection): number => Math.min(LATEST, Math.max(SOONEST, ((plan.interval ?? 1) * 1000) / 4));

/** How far the time may move before everything is asked again: other values may be the top ones by then. */
const MOVED = 0.25;

/** Whether the values that are shown were ranked too long ago. */
export function isStale(selection: Selection, question: Question, now: number): boolean {
  const { from, to } = timeRange(question, now);
  return to - selection.plan.to > (to - from) * MOVED || (selection.times[0] ?? 0) > to;
}

/**
 * The selection as it is now: only the two newest intervals that are known, which may have grown, and those after them are
 * asked for. What is not among the values that are shown belongs to all others.
 */
export async function newer(selection: Selection, question: Question, signal: AbortSignal, now = Date.now()): Promise<Selection> {
  const { times, plan, columns, unit } = selection;
  const range = timeRange(question, now);
  const step = plan.interval ?? 1;
  // What is written late belongs to the interval before.
  const from = Math.max(range.from, times.at(-2) ?? times.at(-1) ?? range.from);
  if (from >= range.to) return selection;
  const answer = await query({ ...queryOf(question, { from, to: range.to }), step, limit: MOST }, signal);
  const rows = new Map(selection.rows.map((row) => [keyOf(row), known(row, selection, range.from - step, from)]));
  const fresh = new Set<number>();
  for (const [key, points] of pointsOf(answer, columns, unit)) {
    for (const time of points.at.keys()) fresh.add(time);
    add(rows, key, points, columns.length);
  }
  const all = new Set([...times.filter((time) => time < from && time > range.from - step), ...fresh]);
  const sorted = [...all].sort((a, b) => a - b);
  return assemble([...rows.values()], sorted, { ...plan, to: Math.max(plan.to, answer.plan.to) }, question, now);
}

/** The points of a row that are still shown and will not be asked for. */
function known(row: Selection["rows"][number], { times, lengths, unit }: Selection, after: number, before: number): Points {
  const at = new Map<number, number>();
  for (const [place, time] of times.entries()) {
    if (time <= after || time >= before) continue;
    // Flows are counted; all else is a rate.
    at.set(time, (row.points[place] ?? 0) * (unit === "flows" ? (lengths[place] ?? 1) : 1));
  }
  const { direction, isRest, values, labels } = row;
  return { direction, isRest, values, labels, at };
}

/** Adds points to the row of their values, or to all others. */
function add(rows: Map<string, Points>, key: string, points: Points, columns: number): void {
  const { direction } = points;
  const values = Array.from({ length: columns }, () => null);
  const name = rows.has(key) ? key : keyOf({ direction, values });
  const row = rows.get(name) ?? { direction, isRest: true, values, labels: values.map(() => ""), at: new Map<number, number>() };
  rows.set(name, row);
  for (const [time, value] of points.at) row.at.set(time, (row.at.get(time) ?? 0) + value);
}
