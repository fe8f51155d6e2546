/** The time that a page shows: as `-6h`, `now`, or a date in the form of ISO 8601. */
export interface Times {
  from: string;
  to: string;
}

const LENGTHS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

const WORDS: Record<string, string> = {
  s: "s", sec: "s", second: "s", m: "m", min: "m", minute: "m", h: "h", hour: "h", d: "d", day: "d", w: "w", week: "w",
};

/** A time in seconds since 1970; `now` is in milliseconds. */
function seconds(time: string, now: number): number {
  const [, count, unit] = /^-(\d{1,6})([smhdw])$/.exec(time) ?? [];
  if (count !== undefined && unit !== undefined) return Math.floor(now / 1000) - Number(count) * (LENGTHS[unit] ?? 0);
  const moment = Date.parse(time);
  return Math.floor((Number.isNaN(moment) ? now : moment) / 1000);
}

/** The times in seconds since 1970, for a query. */
export function timeRange({ from, to }: Times, now: number): { from: number; to: number } {
  const end = Math.max(1, seconds(to, now));
  return { from: Math.max(0, Math.min(seconds(from, now), end - 1)), to: end };
}

const iso = (time: number | Date): string => new Date(time).toISOString();

/** The time from one moment to another, both in seconds since 1970. */
export const between = (from: number, to: number): Times => ({ from: iso(from * 1000), to: iso(to * 1000) });

/** Shifts the time by a part of its length: a negative one is earlier. What would end after now ends now. */
export function shifted(times: Times, part: number, now: number): Times {
  const { from, to } = timeRange(times, now);
  const step = Math.round((to - from) * part);
  const late = Math.max(0, to + step - Math.floor(now / 1000));
  return between(from + step - late, to + step - late);
}

/** Makes the time so many times as long, around its middle; one that ends now still does. */
export function scaled(times: Times, factor: number, now: number): Times {
  const { from, to } = timeRange(times, now);
  const length = Math.max(10, Math.round((to - from) * factor));
  if (times.to === "now") return { from: `-${length}s`, to: "now" };
  const middle = (from + to) / 2;
  const end = Math.min(Math.round(middle + length / 2), Math.floor(now / 1000));
  return between(Math.max(0, end - length), end);
}

/** The day, the week or the month that is so many before that of a moment. */
function calendar(unit: string, before: number, now: number): Times {
  const at = new Date(now);
  const midnight = (year: number, month: number, day: number) => new Date(year, month, day);
  const [year, month, day] = [at.getFullYear(), at.getMonth(), at.getDate()];
  const monday = day - ((at.getDay() + 6) % 7);
  const begin = (back: number): Date => {
    if (unit === "day") return midnight(year, month, day - back);
    if (unit === "week") return midnight(year, month, monday - 7 * back);
    return unit === "month" ? midnight(year, month - back, 1) : midnight(year - back, 0, 1);
  };
  return { from: iso(begin(before)), to: before === 0 ? "now" : iso(begin(before - 1)) };
}

/** A single moment; of a day, its beginning. */
function moment(text: string, now: number): string | null {
  if (text === "now") return "now";
  const [, count, word = ""] = /^(?:-\s*)?(\d{1,6})\s*([a-z]+?)s?(?:\s+ago)?$/.exec(text) ?? [];
  const unit = WORDS[word] ?? WORDS[word.slice(0, 3)];
  if (count !== undefined && unit !== undefined && (text.startsWith("-") || text.endsWith("ago"))) return `-${count}${unit}`;
  if (text === "today" || text === "yesterday") return calendar("day", text === "today" ? 0 : 1, now).from;
  const clock = /^(\d{1,2}):(\d\d)$/.exec(text);
  if (clock) return iso(new Date(now).setHours(Number(clock[1]), Number(clock[2]), 0, 0));
  const date = /^(\d{4})-(\d\d)-(\d\d)(?:[ t](\d\d):(\d\d)(?::(\d\d))?(z)?)?$/.exec(text);
  if (!date) return null;
  const [, year, month, day, hour = "00", minute = "00", second = "00", zone = ""] = date;
  const parsed = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
  return Number.isNaN(parsed.getTime()) ? null : parsed.toISOString();
}

/**
 * What a person types for a time: `6 hours ago`, `last 3 days`, `yesterday`, `last month`, `2026-01-31`,
 * `2026-01-31 10:00 to 12:00`; `null` for what is none.
 */
export function typed(text: string, now: number): Times | null {
  const plain = text.trim().toLowerCase().replace(/\s+/g, " ");
  const named: Record<string, [string, number]> = { today: ["day", 0], yesterday: ["day", 1] };
  const [, which, unit] = /^(this|last) (day|week|month|year)$/.exec(plain) ?? [];
  const found = named[plain] ?? (unit === undefined ? undefined : ([unit, which === "this" ? 0 : 1] as [string, number]));
  if (found) return calendar(found[0], found[1], now);
  const [, rest] = /^(?:the )?(?:last|past) (\d.*)$/.exec(plain) ?? [];
  if (rest !== undefined) return typed(`${rest} ago`, now);
  const [first = "", second, ...more] = plain.split(/ (?:to|until|-|–) |\s*\.\.\s*/);
  if (more.length > 0) return null;
  const from = moment(first, now);
  if (from === null) return null;
  if (second !== undefined) {
    // A time of the day alone is of the day that the first one is of.
    const day = /^\d{1,2}:\d\d$/.test(second) ? seconds(from, now) * 1000 : now;
    const to = moment(second, day);
    return to === null || seconds(from, now) >= seconds(to, now) ? null : { from, to };
  }
  if (from === "now" || seconds(from, now) * 1000 >= now) return null;
  if (/^\d{4}-\d\d-\d\d$/.test(first)) {
    const next = new Date(from);
    next.setDate(next.getDate() + 1);
    return { from, to: next.getTime() > now ? "now" : next.toISOString() };
  }
  return { from, to: "now" };
}
