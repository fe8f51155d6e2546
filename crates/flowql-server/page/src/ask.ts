import { type Answer, type Cell, type Plan, query, type Query } from "./api.js";
import type { Comparison, State, Unit } from "./state.js";
import { timeRange } from "./times.js";

/** How many values have a line of a colour of the style sheet; those of the others are made. */
export const LINES = 8;

const POINTS = 150;

/** What is said of the points of a row. Those without traffic count as 0. */
export interface Statistics {
  min: number;
  average: number;
  max: number;
  /** The last whole point. */
  last: number;
  p95: number;
  /** The sum of it all: bits, packets or flows; of shares there is none. */
  total: number;
}

/** One of the top values, or all others. */
export interface Row extends Statistics {
  direction: "forward" | "reverse";
  isRest: boolean;
  /** The values, by which a row is found again; null for all others. */
  values: Cell[];
  /** What the values mean: the organisation of an AS, the name of a protocol; empty where nothing is known. */
  labels: string[];
  /** One for each time. */
  points: number[];
  /** Of the whole of its direction, from 0 to 1. */
  share: number;
  /** The average of the time it is compared with; null where that was not asked, or where it had no such value. */
  before: number | null;
}

/** What a filter selects. */
export interface Selection {
  columns: string[];
  unit: Unit;
  /** The top values in their order, all others last; then the same of the opposite direction. */
  rows: Row[];
  /** Seconds since 1970. */
  times: number[];
  /** How long each point is, in seconds. */
  lengths: number[];
  plan: Plan;
  /** The traffic of the earlier time that it is compared with, at the same points, and the values that are gone. */
  compared: Compared | null;
}

export interface Compared {
  name: string;
  points: number[];
  gone: Row[];
}

/** What to ask. */
export type Question = Omit<State, "run" | "type">;

/** Whether a unit is a share of the speed of interfaces, of which there is no sum. */
export const isShare = (unit: Unit): boolean => unit === "inspeed" || unit === "outspeed";

const DAY = 86_400;

/** How much earlier the time is with which one compares. */
export const EARLIER: Record<Exclude<Comparison, "">, number> = { hour: 3600, day: DAY, week: 7 * DAY, year: 365 * DAY };

/** Asks for the top values over time. */
export async function ask(question: Question, signal: AbortSignal, now = Date.now()): Promise<Selection> {
  const { compare } = question;
  const range = timeRange(question, now);
  const asked = queryOf(question, range);
  if (compare === "") return selection(await query(asked, signal), question, now);
  const later = EARLIER[compare];
  const earlier = queryOf(question, { from: Math.max(0, range.from - later), to: Math.max(1, range.to - later) });
  const [found, before] = await Promise.all([query(asked, signal), query(earlier, signal)]);
  return compared(selection(found, question, now), selection(before, question, now), compare);
}

/** The question for a time, as the service takes it. */
export function queryOf(question: Question, range: { from: number; to: number }): Query {
  const { filter, by: columns, unit, rank: statistic, limit, both } = question;
  return { filter, columns, unit, statistic, both, limit, ...range, kind: "series", points: POINTS };
}

/** When the newest flow of the whole store was received, in seconds since 1970; `null` for an empty store. */
export async function newest(signal: AbortSignal): Promise<number | null> {
  const to = Math.floor(Date.now() / 1000) + 86_400;
  const question = { filter: "", columns: ["TimeReceived"], unit: "flows" as const, from: 0, to, limit: 1 };
  const { rows } = await query({ ...question, kind: "flows" }, signal);
  const [row] = rows;
  return row === undefined ? null : number(row[0]);
}

export const number = (cell: Cell | undefined): number => Number(cell ?? 0);

/** By which a row is found again. */
export const keyOf = (row: Pick<Row, "direction" | "values">): string => JSON.stringify([row.direction, row.values]);

/** A cell as a filter could say it. */
export const text = (cell: Cell): string => {
  if (Array.isArray(cell)) return cell.map(text).join(" ");
  return String(cell ?? "").replace(/^::ffff:(?=\d+\.)/, "");
};

/** A value as people read it. */
export const shown = (column: string, value: string): string => (value !== "" && column.endsWith("AS") ? `AS${value}` : value);

/** What a row is called, in one line. */
export function labelOf(row: Row, columns: string[]): string {
  if (row.isRest) return "all others";
  const parts = columns.map((name, place) => {
    const value = shown(name, text(row.values[place] ?? null));
    return [value, row.labels[place]].filter(Boolean).join(" ") || "empty";
  });
  return parts.join(" · ");
}

/** A row of an answer, before its statistics. */
export type Points = Pick<Row, "direction" | "isRest" | "values" | "labels"> & { at: Map<number, number> };

/** The rows of an answer, by what they are found by, in its order. */
export function pointsOf(answer: Answer, columns: string[], unit: Unit): Map<string, Points> {
  const place = (name: string) => answer.columns.findIndex((column) => column.name === name);
  // A cut of /48 need not be said: the service leaves it out.
  const column = (name: string) => Math.max(place(name), place(name.replace(/\/48$/, "")));
  const [time, value, direction] = [place("time"), place(unit), place("direction")];
  const [values, labels] = [columns.map(column), columns.map((name) => place(`${name}Name`))];
  const found = new Map<string, Points>();
  for (const row of answer.rows) {
    const cells = values.map((at) => row[at] ?? null);
    const way = direction >= 0 && row[direction] === "reverse" ? "reverse" : "forward";
    const key = keyOf({ direction: way, values: cells });
    let points = found.get(key);
    if (points === undefined) {
      const isRest = columns.length > 0 && cells.every((cell) => cell === null);
      points = { direction: way, isRest, values: cells, labels: labels.map((at) => String(row[at] ?? "")), at: new Map() };
      found.set(key, points);
    }
    points.at.set(number(row[time]), number(row[value]));
  }
  return found;
}

/** The statistics of points, each of which is of its length; flows are counted, all else is a rate. */
export function statistics(points: number[], lengths: number[], unit: Unit, last: number): Statistics {
  const rates = unit === "flows" ? points.map((count, place) => count / (lengths[place] || 1)) : points;
  const total = rates.reduce((sum, rate, place) => sum + rate * (lengths[place] ?? 0), 0);
  const sorted = [...rates].sort((a, b) => a - b);
  return {
    min: sorted[0] ?? 0,
    average: total / (lengths.reduce((sum, length) => sum + length, 0) || 1),
    max: sorted.at(-1) ?? 0,
    last: rates[last] ?? 0,
    p95: sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0,
    total,
  };
}

/** An answer, put together. */
export function selection(answer: Answer, question: Question, now: number): Selection {
  const { by: columns, unit } = question;
  const times = [...new Set(answer.rows.map((row) => number(row[answer.columns.findIndex(({ name }) => name === "time")])))];
  times.sort((a, b) => a - b);
  return assemble([...pointsOf(answer, columns, unit).values()], times, answer.plan, question, now);
}

/** Rows of points at these times, with what is said of them. */
export function assemble(found: Points[], times: number[], plan: Plan, question: Question, now: number): Selection {
  const { by: columns, unit, rank } = question;
  const seconds = Math.floor(now / 1000);
  const step = plan.interval ?? 1;
  const ends = times.map((time, place) => times[place + 1] ?? Math.min(plan.to, (Math.floor(time / step) + 1) * step));
  const lengths = times.map((time, place) => Math.max(1, Math.min(ends[place] ?? time, seconds) - time));
  const whole = ends.findLastIndex((end, place) => end <= seconds && end - (times[place] ?? 0) >= step);
  const last = whole < 0 ? times.length - 1 : whole;
  const rows = found.map(({ at, ...points }): Row => {
    const raw = times.map((time) => at.get(time) ?? 0);
    const values = unit === "flows" ? raw.map((count, place) => count / (lengths[place] ?? 1)) : raw;
    return { ...points, points: values, ...statistics(raw, lengths, unit, last), share: 0, before: null };
  });
  const by = { average: "average", maximum: "max", last: "last", p95: "p95" } as const;
  const isFirst = (row: Row) => (row.direction === "forward" ? 0 : 2) + (row.isRest ? 1 : 0);
  rows.sort((a, b) => isFirst(a) - isFirst(b) || b[by[rank]] - a[by[rank]]);
  for (const direction of ["forward", "reverse"] as const) {
    const same = rows.filter((row) => row.direction === direction);
    const sum = same.reduce((sum, row) => sum + row.total, 0);
    for (const row of same) row.share = sum > 0 ? row.total / sum : 0;
  }
  const seen = rows.filter((row) => !row.isRest || row.max > 0);
  // Without columns there is a row for every time, traffic or not.
  return { columns, unit, rows: seen.some((row) => row.max > 0) ? seen : [], times, lengths, plan, compared: null };
}

/** What it is compared with, put to the rows it belongs to. */
function compared(found: Selection, before: Selection, compare: Exclude<Comparison, "">): Selection {
  const earlier = new Map(before.rows.map((row) => [keyOf(row), row]));
  const rows = found.rows.map((row) => ({ ...row, before: earlier.get(keyOf(row))?.average ?? null }));
  const here = new Set(found.rows.map(keyOf));
  const points = before.times.map((_, place) =>
    before.rows.reduce((sum, row) => sum + (row.direction === "forward" ? (row.points[place] ?? 0) : 0), 0),
  );
  // The points of both lie at multiples of the same step: the nearest one before it is the one that is meant.
  const later = EARLIER[compare];
  let at = 0;
  const aligned = found.times.map((time) => {
    while ((before.times[at + 1] ?? Infinity) <= time - later) at++;
    return points[at] ?? 0;
  });
  const gone = before.rows.filter((row) => !row.isRest && !here.has(keyOf(row)));
  return { ...found, rows, compared: { name: `a${compare === "hour" ? "n" : ""} ${compare} before`, points: aligned, gone } };
}
