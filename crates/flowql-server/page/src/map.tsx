import { useEffect, useMemo, useState } from "preact/hooks";

import { amount } from "./amounts.js";
import { type Selection, text } from "./ask.js";
import world from "./made/world.txt?url";
import type { Narrow } from "./table.js";

interface Country {
  d: string;
  /** Its middle. */
  x: number;
  y: number;
  /** Whether it is too small to be seen. */
  small?: boolean;
}

interface World {
  width: number;
  height: number;
  countries: Record<string, Country>;
}

let loaded: Promise<World> | undefined;

/** The outlines, loaded once; a failure may be tried again. */
function load(): Promise<World> {
  loaded ??= fetch(world)
    .then((response) => response.json() as Promise<World>)
    .catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
  return loaded;
}

/** The heaviest pairs that are drawn as arcs. */
const MOST_ARCS = 50;

/** What a map shows of a selection: the traffic of each country and of each pair, and what has no place on it. */
export function placed(selection: Selection, isKnown: (code: string) => boolean) {
  const { rows, columns } = selection;
  const places = columns.map((name, place) => (/^(Src|Dst)Country$/.test(name) ? place : -1)).filter((place) => place >= 0);
  const sums = new Map<string, { column: string; value: number }>();
  const pairs: { from: string; to: string; value: number }[] = [];
  const unplaced: { name: string; value: number }[] = [];
  const lost = new Map<string, number>();
  for (const row of rows) {
    if (row.direction === "reverse") continue;
    if (row.isRest) {
      unplaced.push({ name: "all others", value: row.average });
      continue;
    }
    const codes = places.map((place) => text(row.values[place] ?? null));
    for (const [at, code] of codes.entries()) {
      const column = columns[places[at] ?? 0] ?? "";
      if (!isKnown(code)) {
        const name = code === "" || code === "\u0000\u0000" ? "no country" : code;
        lost.set(name, (lost.get(name) ?? 0) + row.average);
        continue;
      }
      const sum = sums.get(code) ?? { column, value: 0 };
      sums.set(code, { ...sum, value: sum.value + row.average });
    }
    const [from, to] = codes;
    if (from !== undefined && to !== undefined && from !== to && isKnown(from) && isKnown(to)) pairs.push({ from, to, value: row.average });
  }
  for (const [name, value] of lost) unplaced.push({ name, value });
  pairs.sort((a, b) => b.value - a.value);
  return { hasCountry: places.length > 0, sums, pairs: pairs.slice(0, MOST_ARCS), unplaced };
}

/** The countries by their traffic, and the heaviest pairs as arcs; a click on a country adds it to the filter. */
export function WorldMap({ selection, narrow }: { selection: Selection; narrow: Narrow }) {
  const [found, setFound] = useState<World | string | null>(null);
  useEffect(() => {
    load().then(setFound, (error: unknown) => setFound(String(error)));
  }, []);
  const map = typeof found === "object" ? found : null;
  const shown = useMemo(() => placed(selection, (code) => map !== null && Object.hasOwn(map.countries, code)), [selection, map]);
  if (!shown.hasCountry) return <p class="notice">A map shows countries: choose SrcCountry or DstCountry in “By”, or both for arcs.</p>;
  if (typeof found === "string") return <p class="notice">The outlines of the countries could not be loaded: {found}.</p>;
  if (map === null) return <p class="faint">drawing …</p>;
  const { unit } = selection;
  // What is saved as a file knows no variables.
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const [soft, rule, accent, ground, arc] = ["--soft", "--strong-rule", "--accent", "--panel", "--line-1"].map(colour);
  const most = Math.max(...[...shown.sums.values()].map(({ value }) => value), 0) || 1;
  const strength = (code: string) => {
    const sum = shown.sums.get(code);
    return sum === undefined || sum.value <= 0 ? 0 : 0.15 + 0.85 * Math.sqrt(sum.value / most);
  };
  const widest = shown.pairs[0]?.value ?? 1;
  const title = (code: string) => {
    const sum = shown.sums.get(code);
    return sum === undefined ? code : `${code}: ${amount(sum.value, unit)}`;
  };
  const press = (code: string) => {
    const sum = shown.sums.get(code);
    if (sum !== undefined) narrow(sum.column, code, false);
  };
  return (
    <figure class="world" aria-label="Countries by traffic; the values are in the table below">
      <svg class="graph" viewBox={`0 0 ${map.width} ${map.height}`} width="100%" font-family="sans-serif">
        {Object.entries(map.countries).map(([code, { d, x, y, small }]) => (
          <g key={code} class={shown.sums.has(code) ? "can" : ""} onClick={() => press(code)}>
            <title>{title(code)}</title>
            <path d={d} fill={soft} stroke={rule} stroke-width="0.5" />
            {strength(code) > 0 && <path d={d} fill={accent} fill-opacity={strength(code).toFixed(2)} />}
            {small && strength(code) > 0 && <circle cx={x} cy={y} r="4" fill={accent} fill-opacity={strength(code).toFixed(2)} stroke={ground} />}
          </g>
        ))}
        {shown.pairs.map(({ from, to, value }) => {
          const [a, b] = [map.countries[from]!, map.countries[to]!];
          // Each way has a side of its own.
          const [dx, dy] = [b.x - a.x, b.y - a.y];
          const [cx, cy] = [(a.x + b.x) / 2 + dy * 0.18, (a.y + b.y) / 2 - dx * 0.18 - 12];
          return (
            <path
              key={`${from}${to}`}
              d={`M${a.x} ${a.y}Q${cx.toFixed(1)} ${cy.toFixed(1)} ${b.x} ${b.y}`}
              fill="none"
              stroke={arc}
              stroke-opacity="0.75"
              stroke-width={(0.6 + 4 * Math.sqrt(value / widest)).toFixed(1)}
              stroke-linecap="round"
            >
              <title>{`${from} → ${to}: ${amount(value, unit)}`}</title>
            </path>
          );
        })}
      </svg>
      {shown.unplaced.length > 0 && (
        <figcaption class="faint">
          Not on the map: {shown.unplaced.map(({ name, value }) => `${name} (${amount(value, unit)})`).join(", ")}
        </figcaption>
      )}
    </figure>
  );
}
