import { sankey, sankeyJustify, sankeyLinkHorizontal, type SankeyNode } from "d3-sankey";

import { amount } from "./amounts.js";
import { isShare, type Selection, shown, text } from "./ask.js";
import { resolved } from "./colours.js";
import type { Narrow } from "./table.js";
import { useWidth } from "./width.js";

/** A value of a column. */
interface Value {
  id: string;
  column: string;
  /** The value as a filter could say it; `null` for all others. */
  said: string | null;
  label: string;
}

interface Stream {
  source: string;
  target: string;
  value: number;
}

/** A value where it is drawn. */
type Placed = SankeyNode<Value, Stream>;

/** The values of each column, and what flows from one to the next. */
export function streams({ rows, columns }: Selection): { nodes: Value[]; links: Stream[] } {
  const nodes = new Map<string, Value>();
  const links = new Map<string, Stream>();
  for (const row of rows) {
    if (row.direction === "reverse" || row.average <= 0) continue;
    const path = columns.map((column, place) => {
      const value = row.isRest ? null : text(row.values[place] ?? null);
      const name = value === null ? "all others" : [shown(column, value), row.labels[place]].filter(Boolean).join(" ") || "empty";
      const id = JSON.stringify([place, value]);
      nodes.set(id, { id, column, said: value, label: name });
      return id;
    });
    for (const [place, source] of path.slice(0, -1).entries()) {
      const target = path[place + 1] ?? source;
      const id = `${source} ${target}`;
      const link = links.get(id) ?? { source, target, value: 0 };
      links.set(id, { ...link, value: link.value + row.average });
    }
  }
  return { nodes: [...nodes.values()], links: [...links.values()] };
}

/** What flows from value to value; a click on one adds it to the filter. */
export function Sankey(props: {
  selection: Selection;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
}) {
  const { selection, narrow, canNarrow } = props;
  const [box, width] = useWidth();
  if (selection.columns.length < 2) {
    return <p class="notice">A sankey shows what flows from a value to another: choose a second column in “and by”, up to five.</p>;
  }
  return (
    <figure class="flowing" aria-label="What flows from value to value; the values are in the table below">
      <div ref={box}>{width > 0 && box.current && draw(box.current)}</div>
    </figure>
  );

  function draw(element: HTMLElement) {
    const { nodes, links } = streams(selection);
    const most = Math.max(...selection.columns.map((_, place) => nodes.filter(({ id }) => id.startsWith(`[${place},`)).length));
    const height = Math.max(240, most * 24);
    const graph = sankey<Value, Stream>()
      .nodeId(({ id }) => id)
      .nodeAlign(sankeyJustify)
      .nodeWidth(12)
      .nodePadding(Math.min(10, height / (2 * most)))
      .extent([
        [1, 22],
        [width - 1, height - 4],
      ])({ nodes: nodes.map((node) => ({ ...node })), links: links.map((link) => ({ ...link })) });
    const style = getComputedStyle(element);
    const first = graph.nodes.filter(({ depth }) => depth === 0);
    const colourOf = (node: Placed) =>
      resolved(style, node.said === null ? null : first.indexOf(node));
    const path = sankeyLinkHorizontal<Value, Stream>();
    const inUnit = (value: number) => (isShare(selection.unit) ? "" : ` ${amount(value, selection.unit)}`);
    const ink = style.getPropertyValue("--ink").trim();
    const columns = [...new Map(graph.nodes.map((node) => [node.depth ?? 0, node])).entries()];
    return (
      <svg class="graph sankey" viewBox={`0 0 ${width} ${height}`} width={width} height={height} font-family="sans-serif" font-size="12">
        {columns.map(([depth, node]) => (
          <text key={depth} x={depth === 0 ? 1 : node.x1} y="12" text-anchor={depth === 0 ? "start" : "end"} fill={ink} font-weight="600">
            {node.column}
          </text>
        ))}
        {graph.links.map((link) => {
          // The layout has put the nodes in the place of their names, which its types do not say.
          const [from, to] = [link.source, link.target] as unknown as [Placed, Placed];
          return (
            <path
              key={`${from.id} ${to.id}`}
              d={path(link) ?? ""}
              fill="none"
              stroke={from.depth === 0 ? colourOf(from) : resolved(style, null)}
              stroke-opacity="0.42"
              stroke-width={Math.max(1, link.width ?? 1)}
            >
              <title>{`${from.label} → ${to.label}:${inUnit(link.value)}`}</title>
            </path>
          );
        })}
        {graph.nodes.map((node) => {
          const { x0 = 0, x1 = 0, y0 = 0, y1 = 0 } = node;
          const isRight = x0 > width / 2;
          const value = node.said;
          const column = node.column.replace(/\/.*$/, "");
          const can = value !== null && canNarrow(column, value);
          return (
            <g key={node.id} class={can ? "node can" : "node"} onClick={() => can && narrow(column, value, false)}>
              <title>{`${node.label}:${inUnit(node.value ?? 0)}`}</title>
              <rect x={x0} y={y0} width={x1 - x0} height={Math.max(1, y1 - y0)} fill={node.depth === 0 ? colourOf(node) : resolved(style, null)} />
              <text x={isRight ? x0 - 6 : x1 + 6} y={(y0 + y1) / 2} dy="0.35em" text-anchor={isRight ? "end" : "start"} fill={ink}>
                {short(node.label, width)}
              </text>
            </g>
          );
        })}
      </svg>
    );
  }
}

/** A label that leaves room for those of the other columns. */
function short(label: string, width: number): string {
  const most = Math.max(8, Math.floor(width / 28));
  return label.length > most ? `${label.slice(0, most - 1)}…` : label;
}
