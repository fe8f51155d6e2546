// When an interface is full, if its traffic grows as it did.

/** The straight line through points that lies nearest to them. */
export interface Trend {
  /** Its value at the last point. */
  now: number;
  /** By how much it grows a second. */
  slope: number;
}

const DAY = 86_400;

/**
 * The trend of the busiest hours: of each day the largest point counts, as the nights say nothing of how full it gets.
 * `null` where there are fewer than three days.
 */
export function trend(times: number[], points: number[]): Trend | null {
  const days = new Map<number, { time: number; value: number }>();
  for (const [place, time] of times.entries()) {
    const value = points[place] ?? 0;
    const day = Math.floor(time / DAY);
    const known = days.get(day);
    if (known === undefined || value > known.value) days.set(day, { time, value });
  }
  const all = [...days.values()];
  if (all.length < 3) return null;
  const mean = (of: (point: { time: number; value: number }) => number) => all.reduce((sum, point) => sum + of(point), 0) / all.length;
  const [time, value] = [mean((point) => point.time), mean((point) => point.value)];
  const spread = mean((point) => (point.time - time) ** 2);
  const slope = spread === 0 ? 0 : mean((point) => (point.time - time) * (point.value - value)) / spread;
  const last = times.at(-1) ?? time;
  return { now: value + slope * (last - time), slope };
}

/** The seconds until a trend meets a value; `null` where it does not within two years. */
export function until({ now, slope }: Trend, value: number): number | null {
  if (now >= value) return 0;
  if (slope <= 0) return null;
  const seconds = (value - now) / slope;
  return seconds < 730 * DAY ? seconds : null;
}

/** A time to come, roughly: a trend knows no better. */
export function roughly(seconds: number | null): string {
  if (seconds === null) return "not within two years";
  if (seconds === 0) return "now";
  const days = seconds / DAY;
  if (days < 14) return `in ${Math.max(1, Math.round(days))} ${Math.round(days) <= 1 ? "day" : "days"}`;
  return days < 120 ? `in ${Math.round(days / 7)} weeks` : `in ${Math.round(days / 30.4)} months`;
}
