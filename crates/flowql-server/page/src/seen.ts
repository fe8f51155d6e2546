import type { Cell } from "./api.js";
import { text } from "./ask.js";

/** How many flows are listed. */
export const MOST_ROWS = 200;

/** What a collector says of the flows that it writes, since one began to watch. */
export interface Counts {
  /** Written, and looked at. */
  written: number;
  /** Of these, selected by the filter. */
  selected: number;
  /** Of these, given. */
  shown: number;
  /** Of these, not given: they were more than was asked for, or came faster than they were taken. */
  left_out: number;
  /** Written, and not looked at. */
  unseen: number;
}

const NONE: Counts = { written: 0, selected: 0, shown: 0, left_out: 0, unseen: 0 };

/** A flow, with the columns that were asked for: what is zero or empty is not in it. */
export interface FlowRow {
  key: number;
  flow: Record<string, Cell>;
  columns: readonly string[];
}

/** A time in which nothing was watched, in milliseconds since 1970. */
export interface GapRow {
  key: number;
  from: number;
  to: number;
}

export type SeenRow = FlowRow | GapRow;

export const isGap = (row: SeenRow): row is GapRow => "from" in row;

/** What one has seen of a filter, over all connections; the memory is bounded however much comes. */
export class Seen {
  #rows: SeenRow[] = [];
  #waiting: SeenRow[] = [];
  #next = 0;
  #past = NONE;
  #now = NONE;
  #columns: readonly string[] = [];
  /** Whether there has been a connection. */
  #hasBegun = false;
  /** When the last one ended; `null` while there is one, and before the first. */
  #away: number | null = null;

  /** The newest first. */
  get rows(): readonly SeenRow[] {
    return this.#rows;
  }

  /** How many flows wait: no more than are listed are kept. */
  get waiting(): number {
    return this.#waiting.filter((row) => !isGap(row)).length;
  }

  get counts(): Counts {
    return plus(this.#past, this.#now);
  }

  /** A connection begins, on which flows have these columns. */
  begin(columns: readonly string[], time: number): void {
    this.#columns = columns;
    this.#past = this.counts;
    this.#now = NONE;
    this.#hasBegun = true;
    if (this.#away === null) return;
    this.#put({ key: this.#next++, from: this.#away, to: time });
    this.#away = null;
  }

  /** A connection has ended, without being asked to. */
  end(time: number): void {
    if (this.#hasBegun) this.#away ??= time;
  }

  flow(flow: Record<string, Cell>): void {
    this.#put({ key: this.#next++, flow, columns: this.#columns });
  }

  count(counts: Counts): void {
    this.#now = counts;
  }

  /** Lists what waits. */
  release(): void {
    this.#rows = [...this.#waiting, ...this.#rows].slice(0, MOST_ROWS);
    this.#waiting = [];
  }

  /** Empties the list. */
  clear(): void {
    this.#rows = [];
    this.#waiting = [];
  }

  /** All that comes waits until it is released: so the list changes a few times a second, however much comes. */
  #put(row: SeenRow): void {
    this.#waiting.unshift(row);
    if (this.#waiting.length > MOST_ROWS) this.#waiting.pop();
  }
}

const plus = (a: Counts, b: Counts): Counts => ({
  written: a.written + b.written,
  selected: a.selected + b.selected,
  shown: a.shown + b.shown,
  left_out: a.left_out + b.left_out,
  unseen: a.unseen + b.unseen,
});

/** A value of a flow; `null` where it has none, or where it was not asked for. What is zero or empty does not come. */
export function valueOf({ flow, columns }: FlowRow, name: string, type: string): string | null {
  if (!columns.includes(name)) return null;
  const cell = flow[name];
  if (cell !== undefined) return text(cell);
  return /^(LowCardinality\()?UInt/.test(type) ? "0" : /^(LowCardinality\()?(Fixed)?String/.test(type) ? "" : null;
}
