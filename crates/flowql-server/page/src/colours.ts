import type { Row, Selection } from "./ask.js";
import { LINES } from "./ask.js";

/** The colours that values have had since the page was opened: the same value keeps its own, also after a zoom. */
const kept = new Map<string, number>();

/** By which a value keeps its colour: that of the opposite direction is the same. */
const nameOf = (row: Row, columns: string[]): string => JSON.stringify([columns, row.values]);

/** The number of the colour of each row; `null` for all others. */
export function colours({ rows, columns }: Selection): (number | null)[] {
  const here = new Map<string, number>();
  const used = new Set<number>();
  const names = rows.map((row) => (row.isRest ? null : nameOf(row, columns)));
  for (const name of new Set(names)) {
    const number = name === null ? undefined : kept.get(name);
    if (name === null || number === undefined || used.has(number)) continue;
    here.set(name, number);
    used.add(number);
  }
  let next = 0;
  for (const name of names) {
    if (name === null || here.has(name)) continue;
    while (used.has(next)) next++;
    here.set(name, next);
    used.add(next);
    kept.set(name, next);
  }
  return names.map((name) => (name === null ? null : (here.get(name) ?? 0)));
}

/** A colour of that number, for a style sheet: the first are those of the theme, the others go around the circle. */
export function css(number: number | null): string {
  if (number === null) return "var(--line-rest)";
  return number < LINES ? `var(--line-${number})` : `hsl(${(number * 137) % 360} 45% 55%)`;
}

/** The same for a canvas, which knows no variables. */
export function resolved(style: CSSStyleDeclaration, number: number | null): string {
  const name = /^var\((.*)\)$/.exec(css(number))?.[1];
  return name === undefined ? css(number) : style.getPropertyValue(name).trim();
}
