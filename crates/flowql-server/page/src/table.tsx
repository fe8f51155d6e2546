import { amount, share } from "./amounts.js";
import { LINES, type Selection, shown, text, type TopRow } from "./ask.js";

/** Adds a condition to the filter: that a column has a value, or with `exclude` that it has not. */
export type Narrow = (column: string, value: string, exclude: boolean) => void;

/** The top values; a click on one adds it to the filter. */
export function TopTable(props: {
  selection: Selection;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
}) {
  const { selection, narrow, canNarrow } = props;
  const { columns, rows, rest, unit } = selection;
  const most = Math.max(...rows.map((row) => row.amount), rest.amount);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Top values">
      <table class="top">
        <caption class="hidden">The values with the most traffic. A click on one adds it to the filter.</caption>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col" class="number">
              {unit === "flows" ? "Flows" : "Average"}
            </th>
            <td class="bar" />
            <th scope="col" class="number">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={row.values.map(text).join("\u{1f}")}>
              {columns.map((name, column) => (
                <td key={name}>
                  {column === 0 && <span class={place < LINES ? `swatch line-${place}` : "swatch"} />}
                  <Value column={name} row={row} place={column} narrow={narrow} canNarrow={canNarrow} />
                </td>
              ))}
              <Amount {...row} most={most} unit={unit} />
            </tr>
          ))}
          {rest.share > 0.0005 && (
            <tr class="rest">
              <td colSpan={columns.length}>
                <span class="swatch line-rest" />
                everything else
              </td>
              <Amount {...rest} most={most} unit={unit} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Amount(props: { amount: number; share: number; most: number; unit: Selection["unit"] }) {
  return (
    <>
      <td class="number">{amount(props.amount, props.unit)}</td>
      <td class="bar">
        <progress max={props.most || 1} value={props.amount} aria-hidden="true" />
      </td>
      <td class="number">{share(props.share)}</td>
    </>
  );
}

function Value(props: {
  column: string;
  row: TopRow;
  place: number;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
}) {
  const { column, row, place, narrow, canNarrow } = props;
  const value = text(row.values[place] ?? null);
  const label = row.labels[place] ?? "";
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
        </>
      ) : (
        <span>{content}</span>
      )}
      {label !== "" && <span class="label">{label}</span>}
    </span>
  );
}
