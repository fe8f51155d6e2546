import { useMemo, useState } from "preact/hooks";

import { amount, change, share, total } from "./amounts.js";
import { isShare, keyOf, labelOf, type Row, type Selection, shown, text } from "./ask.js";
import { colours, css } from "./colours.js";
import { Copy } from "./copy.js";
import { type Delimited, delimited } from "./delimited.js";
import { aboutOf, kindOf } from "./things.js";

/** Adds a condition to the filter: that a column has a value, or with `exclude` that it has not. */
export type Narrow = (column: string, value: string, exclude: boolean) => void;

/** The numbers of a row that a table is sorted by. */
type Measure = "average" | "min" | "max" | "last" | "p95" | "total";

const MEASURES: readonly [Measure, string][] = [
  ["average", "Average"],
  ["min", "Min"],
  ["max", "Max"],
  ["last", "Last"],
  ["p95", "95th"],
  ["total", "Total"],
];

/** Those of a panel. */
const SHORT: readonly Measure[] = ["average", "max"];

const FORMATS: readonly [Delimited, string][] = [
  ["csv", "CSV"],
  ["tsv", "TSV"],
  ["markdown", "Markdown"],
];

/** The column of the opposite direction, as far as its name says it. */
const opposite = (column: string): string =>
  column.replace(/^(Src|Dst|In|Out)/, (start) => ({ Src: "Dst", Dst: "Src", In: "Out", Out: "In" })[start] ?? start);

/** The top values; a click on one adds it to the filter. */
export function TopTable(props: {
  selection: Selection;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
  /** Whether only what a panel of a dashboard has room for is shown. */
  isShort?: boolean;
}) {
  const { selection, narrow, canNarrow, isShort = false } = props;
  const { columns, unit, compared } = selection;
  const [sorting, setSorting] = useState<{ by: Measure; isUp: boolean } | null>(null);
  const numbers = useMemo(() => new Map(selection.rows.map((row, place) => [row, colours(selection)[place] ?? null])), [selection]);
  const rows = sorting === null ? selection.rows : sorted(selection.rows, sorting.by, sorting.isUp);
  const all = isShort ? MEASURES.filter(([measure]) => SHORT.includes(measure)) : MEASURES;
  const measures = all.filter(([measure]) => measure !== "total" || !isShare(unit));
  const hasShare = !isShare(unit) && (!isShort || columns.length > 0);
  const sort = (by: Measure) => setSorting((before) => ({ by, isUp: before?.by === by && !before.isUp }));
  const isBoth = rows.some((row) => row.direction === "reverse");
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Top values">
        <table class="top">
          <caption class="hidden">The values with the most traffic. A click on one adds it to the filter.</caption>
          <thead>
            <tr>
              {isBoth && <th scope="col">Way</th>}
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              {!isShort && <td class="spark" />}
              {measures.map(([measure, name]) => (
                <th key={measure} scope="col" class={`number ${measure}`} aria-sort={order(sorting, measure)}>
                  <button type="button" onClick={() => sort(measure)}>
                    {name}
                  </button>
                </th>
              ))}
              {hasShare && (
                <th scope="col" class="number">
                  Share
                </th>
              )}
              {compared && (
                <th scope="col" class="number">
                  Change
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)} class={row.isRest ? "rest" : ""}>
                {isBoth && <td aria-label={row.direction}>{row.direction === "forward" ? "→" : "←"}</td>}
                {row.isRest ? (
                  <td colSpan={Math.max(1, columns.length)}>
                    <Swatch colour={null} />
                    everything else
                  </td>
                ) : (
                  columns.map((name, place) => (
                    <td key={name}>
                      {place === 0 && <Swatch colour={numbers.get(row) ?? null} />}
                      <Value
                        // An address that was cut is a prefix, which its column is compared with.
                        column={(row.direction === "forward" ? name : opposite(name)).replace(/\/.*$/, "")}
                        value={text(row.values[place] ?? null)}
                        label={row.labels[place] ?? ""}
                        narrow={narrow}
                        canNarrow={canNarrow}
                        {...exporterOf(row, columns)}
                      />
                    </td>
                  ))
                )}
                {!isShort && (
                  <td class="spark">
                    <Sparkline points={row.points} colour={css(numbers.get(row) ?? null)} />
                  </td>
                )}
                {measures.map(([measure]) => (
                  <td key={measure} class={`number ${measure}`}>
                    {measure === "total" ? total(row.total, unit) : amount(row[measure], unit)}
                  </td>
                ))}
                {hasShare && <td class="number">{share(row.share)}</td>}
                {compared && <td class="number">{change(row.average, row.before)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {compared !== null && compared.gone.length > 0 && (
        <p class="faint gone">
          Among the top {compared.name}, not now: {compared.gone.map((row) => `${labelOf(row, columns)} (${amount(row.average, unit)})`).join(", ")}
        </p>
      )}
      {!isShort && (
      <div class="copies" role="group" aria-label="Copy the table">
        <span class="faint">Copy the table as</span>
        {FORMATS.map(([format, name]) => (
          <Copy key={format} text={() => delimited({ ...selection, rows }, format)}>
            {name}
          </Copy>
        ))}
      </div>
      )}
    </>
  );
}

/** The exporter of a row, which an interface belongs to. */
function exporterOf(row: Row, columns: string[]): { exporter?: string } {
  const place = columns.indexOf("ExporterName");
  return place < 0 ? {} : { exporter: text(row.values[place] ?? null) };
}

/** The rows by a measure, all others last. */
function sorted(rows: Row[], by: Measure, isUp: boolean): Row[] {
  return [...rows].sort((a, b) => Number(a.isRest) - Number(b.isRest) || (isUp ? a[by] - b[by] : b[by] - a[by]));
}

function order(sorting: { by: Measure; isUp: boolean } | null, measure: Measure): "ascending" | "descending" | "none" {
  if (sorting?.by !== measure) return "none";
  return sorting.isUp ? "ascending" : "descending";
}

const Swatch = ({ colour }: { colour: number | null }) => <span class="swatch" style={{ background: css(colour) }} />;

/** The points of a row, as small as a word. */
function Sparkline({ points, colour }: { points: number[]; colour: string }) {
  const most = Math.max(...points) || 1;
  const width = 90;
  const at = (value: number, place: number) =>
    `${((place / Math.max(1, points.length - 1)) * width).toFixed(1)},${(18 - (value / most) * 16).toFixed(1)}`;
  return (
    <svg viewBox={`0 0 ${width} 20`} width={width} height="20" aria-hidden="true">
      <polyline points={points.map(at).join(" ")} fill="none" style={{ stroke: colour }} stroke-width="1.3" />
    </svg>
  );
}

/** A value of a column, and what it means; a click on it adds it to the filter, where a filter can say it. */
export function Value(props: {
  column: string;
  value: string;
  label?: string;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
  exporter?: string;
}) {
  const { column, value, label = "", narrow, canNarrow, exporter } = props;
  const content = value === "" ? <em>empty</em> : shown(column, value);
  return (
    <span class="value">
      {canNarrow(column, value) ? (
        <>
          <button type="button" title={`Only ${column} ${value}: add it to the filter`} onClick={() => narrow(column, value, false)}>
            {content}
          </button>
          <button
            type="button"
            class="exclude"
            aria-label={`Without ${column} ${value}`}
            title={`Without ${column} ${value}`}
            onClick={() => narrow(column, value, true)}
          >
            ≠
          </button>
          {kindOf(column) !== null && value !== "" && !value.includes("/") && (
            <a class="about" href={aboutOf(column, value, exporter)} aria-label={`About ${column} ${value}`} title={`All about ${shown(column, value)}`}>
              ⋯
            </a>
          )}
        </>
      ) : (
        <span>{content}</span>
      )}
      {label !== "" && <span class="label">{label}</span>}
    </span>
  );
}
