// One thing of the network (an address, an AS, an interface …): what its address holds, and what is shown of it.
import type { Panel, PanelType } from "./boards.js";
import { readable } from "./state.js";
import type { Times } from "./times.js";

/** A thing, by the columns that say which it is; the first gives it its name. */
export interface Thing extends Times {
  conditions: [column: string, value: string][];
}

/** The columns of which each value has a page of its own, with what one calls it. */
const KINDS: readonly [pattern: RegExp, kind: string][] = [
  [/^(Src|Dst)Addr$/, "Address"],
  [/^(Src|Dst)NetPrefix$/, "Prefix"],
  [/^(Src|Dst)AS$/, "AS"],
  [/^(Src|Dst)Country$/, "Country"],
  [/^(Src|Dst)NetName$/, "Network"],
  [/^(In|Out)IfName$/, "Interface"],
  [/^(In|Out)IfProvider$/, "Provider"],
  [/^ExporterName$/, "Exporter"],
  [/^(Src|Dst)Port$/, "Port"],
];

/** What a value of a column is called; `null` where it has no page. */
export const kindOf = (column: string): string | null => KINDS.find(([pattern]) => pattern.test(column))?.[1] ?? null;

export function readThing(hash: string): Thing {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const conditions: [string, string][] = [];
  for (const [name, value] of parameters) {
    if (/^[A-Z]\w*$/.test(name) && name !== "V") conditions.push([name, value]);
  }
  return { conditions: conditions.slice(0, 3), from: parameters.get("from") || "-24h", to: parameters.get("to") || "now" };
}

export function writeThing({ conditions, from, to }: Thing): string {
  const parts = conditions.map(([column, value]) => `${column}=${readable(value)}`);
  if (from !== "-24h") parts.push(`from=${readable(from)}`);
  if (to !== "now") parts.push(`to=${readable(to)}`);
  return `#about&v=1&${parts.join("&")}`;
}

/** The address of the page of a value; of an interface, with the exporter where it is known. */
export function aboutOf(column: string, value: string, exporter?: string): string {
  const conditions: [string, string][] = [[column, value]];
  if (kindOf(column) === "Interface" && exporter !== undefined) conditions.push(["ExporterName", exporter]);
  return writeThing({ conditions, from: "-24h", to: "now" });
}

const swap = (column: string, first: string, second: string): string =>
  column.startsWith(first) ? second + column.slice(first.length) : column.startsWith(second) ? first + column.slice(second.length) : column;

/** The column of the other end, or of the other side. */
export const opposite = (column: string): string => swap(swap(column, "Src", "Dst"), "In", "Out");

function panel(title: string, by: string[], type: PanelType, more: Partial<Panel> = {}): Panel {
  return {
    title, description: "", filter: "", by, type, unit: "bits", rank: "average", limit: 10, both: false, compare: "", width: "half", from: "", to: "", ...more,
  };
}

/** What is shown of a thing: who, what, when and where, both ways. */
export function panelsOf(column: string): Panel[] {
  const isSide = /^(In|Out)If/.test(column);
  const isExporter = column === "ExporterName";
  // Of what is a source, those that it sends to are of interest; below the axis is what it receives.
  const isOut = column.startsWith("Dst") || column.startsWith("Out");
  const others = isOut ? "Src" : "Dst";
  const isWide = /(AS|Country)$/.test(column);
  const peer = isSide || isExporter ? (isOut ? "DstAS" : "SrcAS") : isWide ? `${others}Addr/24` : `${others}AS`;
  // A service is at the one end or at the other.
  const [own, port] = [isOut ? "DstPort" : "SrcPort", `${others}Port`];
  const panels = [
    panel(isSide ? "Traffic in, and out below" : "Traffic from it, and to it below", [], "stacked", { width: "full", both: true, compare: "" }),
    panel("With whom", [peer], "stacked", { both: true }),
    panel("With what, by its ports", ["Proto", own], "table", { limit: 8 }),
    panel("With what, by the ports of the others", ["Proto", port], "table", { limit: 8 }),
    panel("When", [peer], "heatmap"),
    panel("Where it crosses the network", isExporter ? ["InIfName", "OutIfName"] : ["InIfProvider", "ExporterName", "OutIfProvider"], "sankey"),
    panel("Compared with the week before", ["Proto"], "lines", { compare: "week" }),
    panel("Countries", [isOut ? "SrcCountry" : "DstCountry"], "table", { both: true, limit: 8 }),
  ];
  if (isExporter) return [panel("Flows", [], "lines", { unit: "flows", width: "full" }), ...panels.slice(1)];
  if (!isSide) return panels;
  const unit = isOut ? "outspeed" : "inspeed";
  return [panel("How full", ["ExporterName", column], "lines", { unit, width: "full", rank: "maximum", limit: 5 }), ...panels];
}
