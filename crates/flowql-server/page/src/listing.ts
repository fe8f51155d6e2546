// The address of the page of single flows.
import { readable } from "./state.js";
import { USUAL } from "./tailing.js";
import type { Times } from "./times.js";

/** What the address of the page of single flows holds. */
export interface Listing extends Times {
  filter: string;
  columns: string[];
}

const FIRST: Listing = { filter: "", columns: USUAL.columns, from: "-1h", to: "now" };

export function readListing(hash: string): Listing {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const columns = [...new Set((parameters.get("columns") ?? "").split(","))].filter((name) => /^[A-Za-z]\w*$/.test(name));
  return {
    filter: parameters.get("filter") ?? FIRST.filter,
    columns: columns.length > 0 ? columns.slice(0, 30) : FIRST.columns,
    from: parameters.get("from") || FIRST.from,
    to: parameters.get("to") || FIRST.to,
  };
}

export function writeListing({ filter, columns, from, to }: Listing): string {
  const parts: string[] = [];
  if (filter !== "") parts.push(`filter=${readable(filter)}`);
  if (columns.join() !== FIRST.columns.join()) parts.push(`columns=${columns.join()}`);
  if (from !== FIRST.from) parts.push(`from=${readable(from)}`);
  if (to !== FIRST.to) parts.push(`to=${readable(to)}`);
  return ["#flows", ...(parts.length === 0 ? [] : ["v=1"]), ...parts].join("&");
}

/** The address of the single flows of a filter and a time. */
export const listingOf = (filter: string, { from, to }: Times): string => writeListing({ ...FIRST, filter, from, to });
