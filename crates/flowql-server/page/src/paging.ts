// How single flows are paged through.
import { type Answer, type Cell, query } from "./api.js";
import type { Listing } from "./listing.js";
import { timeRange } from "./times.js";

/** How many flows a page has, about, and the most that are asked for at once. */
const PAGE = 200;
const MOST = 10_000;

/** Some flows, the newest first. */
export interface Page {
  columns: string[];
  rows: Cell[][];
  /** Where the next page ends, in seconds since 1970; `null` where there is none. */
  next: number | null;
  /** Whether flows of a second are left out, as it has more than can be asked for. */
  isCut: boolean;
}

/**
 * The flows that were received before a time. Flows of a second have no order, so that a page ends between two seconds: no
 * flow is on two pages, and none on no page.
 */
export async function pageOf(listing: Listing, until: number | null, signal: AbortSignal): Promise<Page> {
  const range = timeRange(listing, Date.now());
  const to = until ?? range.to;
  const columns = ["TimeReceived", ...listing.columns.filter((name) => name !== "TimeReceived")];
  for (let limit = PAGE; ; limit = Math.min(limit * 10, MOST)) {
    const question = { filter: listing.filter, kind: "flows" as const, columns, unit: "flows" as const, from: range.from, to, limit };
    const found = paged(await query(question, signal), limit);
    if (found.rows.length > 0 || found.next === null) return found;
    if (limit === MOST) return { ...found, isCut: true };
  }
}

/** An answer as a page: what it has of its last second may not be all. */
export function paged(answer: Answer, limit: number): Page {
  const columns = answer.columns.map(({ name }) => name);
  const at = columns.indexOf("TimeReceived");
  const { rows } = answer;
  if (rows.length < limit) return { columns, rows, next: null, isCut: false };
  const last = Number(rows.at(-1)?.[at]);
  const whole = rows.filter((row) => Number(row[at]) > last);
  // A second with more flows than were asked for.
  if (whole.length === 0) return limit < MOST ? { columns, rows: [], next: last, isCut: false } : { columns, rows, next: last, isCut: true };
  return { columns, rows: whole, next: last + 1, isCut: false };
}
