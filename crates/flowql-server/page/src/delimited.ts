import { isShare, type Row, type Selection, text } from "./ask.js";

/** The forms in which a table is copied. */
export type Delimited = "csv" | "tsv" | "markdown";

/** A row as numbers and texts, by the names of the columns. */
export function record(row: Row, { columns, unit, compared }: Selection): Record<string, string | number | null> {
  const { min, average, max, last, p95, total, share } = row;
  const named = columns.flatMap((name, place): [string, string | null][] => {
    const label = row.labels[place] ?? "";
    const value: [string, string | null] = [name, row.isRest ? null : text(row.values[place] ?? null)];
    return label === "" ? [value] : [value, [`${name}Name`, label]];
  });
  return {
    direction: row.direction,
    ...Object.fromEntries(named),
    unit,
    average,
    min,
    max,
    last,
    p95,
    ...(isShare(unit) ? {} : { total, share }),
    ...(compared === null ? {} : { before: row.before }),
  };
}

/** The table as a text. */
export function delimited(selection: Selection, format: Delimited): string {
  const records = selection.rows.map((row) => record(row, selection));
  const unordered = [...new Set(records.flatMap((found) => Object.keys(found)))];
  // A name of a number comes behind it.
  const names = [...unordered].sort((a, b) => place(unordered, a) - place(unordered, b));
  const lines = [names, ...records.map((found) => names.map((name) => String(found[name] ?? "")))];
  return cellsAs(lines, format);
}

/** Lines of cells, the first with the names, as a text. */
export function cellsAs(lines: string[][], format: Delimited): string {
  if (format === "tsv") return lines.map((line) => line.map((cell) => cell.replace(/[\t\n\r]/g, " ")).join("\t")).join("\n") + "\n";
  if (format === "csv") return lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
  const cells = (line: string[]) => `| ${line.map((cell) => cell.replace(/[|\\]/g, "\\$&").replace(/\s+/g, " ")).join(" | ")} |`;
  const [head = [], ...body] = lines;
  return [cells(head), `|${head.map(() => " --- |").join("")}`, ...body.map(cells)].join("\n") + "\n";
}

const place = (names: string[], name: string): number => {
  const owner = name.replace(/Name$/, "");
  return owner !== name && names.includes(owner) ? names.indexOf(owner) + 0.5 : names.indexOf(name);
};

/** A cell as RFC 4180 has it. What a spreadsheet would take for a formula is a text. */
function quoted(cell: string): string {
  const safe = /^[=+@\t\r]/.test(cell) || /^-(?!\d)/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
