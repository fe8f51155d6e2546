import type { Selection } from "./ask.js";

/** The kinds of graphs over time that are drawn as curves. */
export type Kind = "stacked" | "percent" | "lines";

/** A curve, in the unit of the selection; those of the opposite direction are below the axis. */
export interface Curve {
  /** The number of its colour, `null` for all others; `ink` for what is compared with, `none` for the axis. */
  colour: number | null | "ink" | "none";
  values: number[];
  /** The curve up to which it is filled, by its place. */
  lower: number | null;
  isBelow: boolean;
}

/** What to draw: each curve on top of those before it, or each by itself. */
export function curvesOf(selection: Selection, kind: Kind, colours: (number | null)[]): Curve[] {
  const { rows, times, compared } = selection;
  const zero: Curve = { colour: "none", values: times.map(() => 0), lower: null, isBelow: false };
  const curves = [zero];
  for (const direction of ["forward", "reverse"] as const) {
    const isBelow = direction === "reverse";
    const sign = isBelow ? -1 : 1;
    const same = rows.map((row, place) => ({ row, place })).filter(({ row }) => row.direction === direction);
    const whole = times.map((_, time) => same.reduce((sum, { row }) => sum + (row.points[time] ?? 0), 0));
    let sum = times.map(() => 0);
    let lower = 0;
    for (const { row, place } of same) {
      const colour = colours[place] ?? null;
      const value = (time: number) => (row.points[time] ?? 0) / (kind === "percent" ? whole[time] || 1 : 1);
      if (kind === "lines") {
        curves.push({ colour, values: times.map((_, time) => sign * value(time)), lower: null, isBelow });
        continue;
      }
      sum = sum.map((below, time) => below + sign * value(time));
      curves.push({ colour, values: sum, lower, isBelow });
      lower = curves.length - 1;
    }
  }
  if (compared && kind !== "percent") curves.push({ colour: "ink", values: compared.points, lower: null, isBelow: false });
  return curves;
}
