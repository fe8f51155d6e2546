import { readable } from "./state.js";

/** How many flows a second can be asked for. */
export const RATES = [5, 20, 100, 500] as const;

/** What the address of a live tail holds. */
export interface Tailing {
  filter: string;
  columns: string[];
  /** At most so many flows a second. */
  rate: number;
}

export const USUAL: Tailing = {
  filter: "",
  // Those of `flowql tail`.
  columns: ["TimeReceived", "ExporterName", "SrcAddr", "SrcPort", "DstAddr", "DstPort", "Proto", "Bytes", "Packets"],
  rate: 20,
};

/** The most columns of the table, which a screen would not show. */
const MOST_COLUMNS = 40;

/** Reads the part of an address after `#`; what it lacks, or what is no such thing, is as usual. */
export function readTail(hash: string): Tailing {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const columns = [...new Set((parameters.get("columns") ?? "").split(","))].filter((name) => /^[A-Za-z]\w*$/.test(name));
  const rate = Number(parameters.get("rate"));
  return {
    filter: parameters.get("filter") ?? USUAL.filter,
    columns: columns.length > 0 ? columns.slice(0, MOST_COLUMNS) : USUAL.columns,
    rate: Number.isInteger(rate) && rate >= 1 && rate <= 1000 ? rate : USUAL.rate,
  };
}

/** The part of an address after `#`, without what is as usual. */
export function writeTail({ filter, columns, rate }: Tailing): string {
  const parts: string[] = [];
  if (filter !== USUAL.filter) parts.push(`filter=${readable(filter)}`);
  if (columns.join() !== USUAL.columns.join()) parts.push(`columns=${columns.join()}`);
  if (rate !== USUAL.rate) parts.push(`rate=${rate}`);
  return ["#tail", ...(parts.length === 0 ? [] : ["v=1"]), ...parts].join("&");
}

/** Whether what a collector refuses may be answered a moment later; if not, the question must be another one. */
export const isPassing = (code: string): boolean => !["bad_filter", "bad_request", "unknown_host", "400", "401", "403"].includes(code);

/** The milliseconds until one asks again, after so many failures in a row. */
export const delay = (failures: number): number => Math.min(1000 * 2 ** failures, 10_000);
