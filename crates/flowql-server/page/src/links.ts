import { boardOf, type Listed } from "./boards.js";
import { INITIAL, write } from "./state.js";

/** Where a dashboard or a view is shown. */
export function hrefOf(listed: Listed): string {
  if (listed.kind === "dashboard" || listed.board === null) return boardOf(listed.name, listed.source);
  const { filter, by, unit, rank, limit, both, compare, from, to, type } = listed.board;
  const graph = type === "number" || type === "billing" || type === "capacity" || type === "text" ? INITIAL.type : type;
  const columns = by.length > 0 ? by : INITIAL.by;
  return write({ filter, by: columns, unit, rank, limit, both, compare, type: graph, from: from || INITIAL.from, to: to || INITIAL.to, run: true });
}
