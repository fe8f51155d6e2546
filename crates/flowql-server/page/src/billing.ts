// The 95th percentile of a calendar month, by which transit is paid.
import { type Cell, query } from "./api.js";
import { number, text } from "./ask.js";

/** The seconds between the points that are billed by. */
const STEP = 300;

/** One that is billed, and by how much. */
export interface Billed {
  values: Cell[];
  labels: string[];
  /** The 95th percentile of each direction, in bit/s. */
  forward: number;
  reverse: number;
}

/** What is billed of a month. */
export interface Bill {
  rows: Billed[];
  from: number;
  to: number;
  /** How many points there are up to now, and how many of them have no traffic at all. */
  points: number;
  missing: number;
  /** The times without traffic, each from its first to its last second. */
  gaps: { from: number; to: number }[];
}

/** The month that is so many before that of a moment, in seconds since 1970; that of now ends with the last whole point. */
export function month(before: number, now: number): { from: number; to: number } {
  const at = new Date(now);
  const begin = (back: number) => Math.floor(new Date(at.getFullYear(), at.getMonth() - back, 1).getTime() / 1000);
  const end = before === 0 ? Math.floor(now / 1000 / STEP) * STEP : begin(before - 1);
  return { from: begin(before), to: Math.max(begin(before) + STEP, end) };
}

/** What is billed of flows in a month, by columns; in both directions. */
export async function bill(filter: string, columns: string[], before: number, signal: AbortSignal, now = Date.now()): Promise<Bill> {
  const range = month(before, now);
  const common = { filter, unit: "bits" as const, both: true, step: STEP, ...range };
  const series = query({ ...common, kind: "series", columns: [], limit: 1 }, signal);
  const tops = columns.length === 0 ? null : query({ ...common, kind: "top", columns, statistic: "p95", limit: 50 }, signal);
  const [answer, top] = await Promise.all([series, tops]);
  const place = (name: string) => answer.columns.findIndex((column) => column.name === name);
  const [direction, time, bits] = [place("direction"), place("time"), place("bits")];
  const points = new Map<number, { forward: number; reverse: number }>();
  for (const row of answer.rows) {
    const at = number(row[time]);
    const point = points.get(at) ?? { forward: 0, reverse: 0 };
    point[row[direction] === "reverse" ? "reverse" : "forward"] = number(row[bits]);
    points.set(at, point);
  }
  const { missing, gaps } = holes(points, STEP);
  const rows = top === null ? [whole(points)] : billed(top, columns);
  return { rows, ...range, points: points.size, missing, gaps };
}

/** By nearest rank, over all points. */
function p95(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0;
}

function whole(points: Map<number, { forward: number; reverse: number }>): Billed {
  const all = [...points.values()];
  return { values: [], labels: [], forward: p95(all.map(({ forward }) => forward)), reverse: p95(all.map(({ reverse }) => reverse)) };
}

/** The points without any traffic, put together where they are neighbours. */
export function holes(points: Map<number, { forward: number; reverse: number }>, step: number) {
  const empty = [...points].filter(([, { forward, reverse }]) => forward === 0 && reverse === 0);
  const times = empty.map(([time]) => time).sort((a, b) => a - b);
  const gaps: { from: number; to: number }[] = [];
  for (const time of times) {
    const last = gaps.at(-1);
    if (last?.to === time) last.to = time + step;
    else gaps.push({ from: time, to: time + step });
  }
  return { missing: times.length, gaps };
}

/** The rows of both directions, put together by their values. */
function billed(answer: { columns: { name: string }[]; rows: Cell[][] }, columns: string[]): Billed[] {
  const place = (name: string) => answer.columns.findIndex((column) => column.name === name);
  const [direction, p95] = [place("direction"), place("bits_p95")];
  const found = new Map<string, Billed>();
  for (const row of answer.rows) {
    const values = columns.map((name) => row[place(name)] ?? null);
    const key = JSON.stringify(values.map(text));
    const labels = columns.map((name) => String(row[place(`${name}Name`)] ?? ""));
    const one = found.get(key) ?? { values, labels, forward: 0, reverse: 0 };
    one[row[direction] === "reverse" ? "reverse" : "forward"] = number(row[p95]);
    found.set(key, one);
  }
  const larger = ({ forward, reverse }: Billed) => Math.max(forward, reverse);
  return [...found.values()].sort((a, b) => larger(b) - larger(a));
}
