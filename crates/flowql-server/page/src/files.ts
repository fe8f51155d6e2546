import type { Selection } from "./ask.js";
import { delimited, record } from "./delimited.js";
import { copyOf, picture, rastered } from "./picture.js";
import type { GraphType } from "./state.js";

/** A file of what is shown, with its name. */
export async function file(
  kind: "PNG" | "SVG" | "CSV" | "JSON lines",
  selection: Selection,
  type: GraphType,
  panel: HTMLElement,
): Promise<{ blob: Blob; name: string }> {
  const time = new Date(selection.plan.to * 1000).toISOString().slice(0, 16).replace(/[-:]/g, "");
  const named = (blob: Blob | string, ending: string, media: string) => ({
    blob: typeof blob === "string" ? new Blob([blob], { type: media }) : blob,
    name: `flows-${time}.${ending}`,
  });
  if (kind === "CSV") return named(delimited(selection, "csv"), "csv", "text/csv;charset=utf-8");
  if (kind === "JSON lines") {
    const lines = selection.rows.map((row) => {
      const points = selection.times.map((time, place) => [time, row.points[place] ?? 0]);
      return JSON.stringify({ ...record(row, selection), points });
    });
    return named(`${lines.join("\n")}\n`, "jsonl", "application/x-ndjson");
  }
  const style = getComputedStyle(panel);
  const graph = panel.querySelector<SVGElement>("svg.graph");
  const isCurve = type === "stacked" || type === "percent" || type === "lines";
  if (!isCurve && graph === null) throw new Error("There is no graph to save.");
  const svg = isCurve ? picture(selection, type, style) : graph === null ? "" : copyOf(graph, style);
  return kind === "SVG" ? named(svg, "svg", "image/svg+xml") : named(await rastered(svg), "png", "image/png");
}
