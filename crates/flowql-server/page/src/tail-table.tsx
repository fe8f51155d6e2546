import type { Column } from "@flowql/wasm";
import { useMemo, useRef } from "preact/hooks";

import { type FlowRow, type GapRow, isGap, MOST_ROWS, type SeenRow, valueOf } from "./seen.js";
import { type Narrow, Value } from "./table.js";

type CanNarrow = (column: string, value: string) => boolean;

/**
 * The flows, the newest first. `point` is called with whether the pointer or the keyboard is at a value: the rows should
 * stay where they are then, for the value to be hit that is aimed at.
 */
export function FlowTable(props: {
  rows: readonly SeenRow[];
  columns: string[];
  all: Column[];
  isWatching: boolean;
  point: (isPointed: boolean) => void;
  narrow: Narrow;
  canNarrow: CanNarrow;
}) {
  const { rows, columns, all, isWatching, point } = props;
  const shown = useMemo(() => columns.map((name) => ({ name, type: all.find((column) => column.name === name)?.clickhouse_type ?? "" })), [columns, all]);
  // Rows are drawn once, and call those of the last rendering.
  const last = useRef(props);
  last.current = props;
  const click = useRef({
    narrow: (...words: Parameters<Narrow>) => last.current.narrow(...words),
    canNarrow: (...words: Parameters<CanNarrow>) => last.current.canNarrow(...words),
  }).current;
  if (rows.length === 0) return isWatching ? <p class="faint">No flow has come yet that the filter selects.</p> : null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="List of flows">
      <table class="top flows">
        <caption class="hidden">
          The flows, the newest first, at most {MOST_ROWS}. A click on a value adds it to the filter.
        </caption>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody
          onPointerMove={({ pointerType }) => pointerType === "mouse" && point(true)}
          onPointerLeave={() => point(false)}
          onFocusIn={() => point(true)}
          onFocusOut={() => point(false)}
        >
          {rows.map((row) =>
            isGap(row) ? <Gap key={row.key} row={row} span={columns.length} /> : <Flow key={row.key} row={row} shown={shown} {...click} />,
          )}
        </tbody>
      </table>
    </div>
  );
}

/** A time of the day in UTC, in which the times of flows are. */
const clock = (time: number): string => new Date(time).toISOString().slice(11, 19);

function Gap({ row: { from, to }, span }: { row: GapRow; span: number }) {
  return (
    <tr class="rest">
      <td colSpan={span}>
        not watched from {clock(from)} to {clock(to)} UTC
      </td>
    </tr>
  );
}

function Flow(props: { row: FlowRow; shown: { name: string; type: string }[]; narrow: Narrow; canNarrow: CanNarrow }) {
  const { row, shown, narrow, canNarrow } = props;
  return useMemo(
    () => (
      <tr>
        {shown.map(({ name, type }) => {
          const value = valueOf(row, name, type);
          return (
            <td key={name}>
              {value === null ? (
                <span class="faint">–</span>
              ) : type.startsWith("DateTime") ? (
                <time title={`${value} UTC`}>{value.replace(/^\S+ /, "")}</time>
              ) : (
                <Value column={name} value={value} narrow={narrow} canNarrow={canNarrow} />
              )}
            </td>
          );
        })}
      </tr>
    ),
    [row, shown],
  );
}
