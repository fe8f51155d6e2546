import type { Column } from "@flowql/wasm";
import { unitName } from "./amounts.js";
import {
  type Change,
  COMPARISONS,
  type Comparison,
  type GraphType,
  LIMITS,
  MOST_COLUMNS,
  type Rank,
  RANKS,
  type State,
  TYPES,
  type Unit,
  UNITS,
} from "./state.js";
import { TimeRange } from "./when.js";

const TYPE_NAMES: Record<GraphType, string> = {
  stacked: "stacked",
  percent: "100 %",
  lines: "lines",
  small: "small multiples",
  map: "map",
  sankey: "sankey",
  heatmap: "heatmap",
  table: "table alone",
};

const RANK_NAMES: Record<Rank, string> = { average: "average", maximum: "maximum", last: "last", p95: "95th" };

const COMPARISON_NAMES: Record<Comparison, string> = {
  "": "–",
  hour: "an hour before",
  day: "a day before",
  week: "a week before",
  year: "a year before",
};

/** How addresses can be cut. */
const CUTS = ["", "/8", "/16", "/20", "/24", "/28", "/24/32", "/24/56", "/24/64"];

/** When, by what, and in which measure. */
export function Controls({ state, change, columns }: { state: State; change: Change; columns: Column[] }) {
  const set = (part: Partial<State>) => change(part, true);
  return (
    <div class="controls" role="group" aria-label="What to show">
      <TimeRange state={state} set={set} />
      <Columns state={state} set={set} columns={columns} />
      <Choice label="In" value={state.unit} options={UNITS} name={unitName} choose={(unit: Unit) => set({ unit })} />
      <Choice label="As" value={state.type} options={TYPES} name={(type) => TYPE_NAMES[type]} choose={(type: GraphType) => set({ type })} />
      <label>
        <span>Top</span>
        <select value={String(state.limit)} onChange={(event) => set({ limit: Number(event.currentTarget.value) })}>
          {[...new Set([...LIMITS, state.limit])]
            .sort((a, b) => a - b)
            .map((limit) => (
              <option key={limit}>{limit}</option>
            ))}
        </select>
      </label>
      <Choice label="ranked by" value={state.rank} options={RANKS} name={(rank) => RANK_NAMES[rank]} choose={(rank: Rank) => set({ rank })} />
      <Choice
        label="Compare with"
        value={state.compare}
        options={COMPARISONS}
        name={(compare) => COMPARISON_NAMES[compare]}
        choose={(compare: Comparison) => set({ compare })}
      />
      <label class="check">
        <input type="checkbox" checked={state.both} onChange={(event) => set({ both: event.currentTarget.checked })} />
        <span>both directions</span>
      </label>
    </div>
  );
}

function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly T[];
  name: (value: T) => string;
  choose: (value: T) => void;
}) {
  const { label, value, options, name, choose } = props;
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value as T)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {name(option)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The columns to group by, up to five; addresses can be cut. */
function Columns({ state, set, columns }: { state: State; set: (part: Partial<State>) => void; columns: Column[] }) {
  const { by } = state;
  const known = columns.filter((column) => column.enabled && column.dimension);
  const isAddress = (name: string) => known.find((column) => column.name === name)?.type === "ip";
  const places = Math.min(MOST_COLUMNS, by.length + 1);
  const choose = (place: number, value: string) => {
    const next = by.map((name, other) => (other === place ? value : name));
    if (place === by.length) next.push(value);
    // A column is there once.
    const chosen = next.filter((name, other) => name !== "" && (other === place || name !== value));
    if (chosen.length > 0) set({ by: chosen });
  };
  return (
    <>
      {Array.from({ length: places }, (_, place) => {
        const [name = "", ...lengths] = (by[place] ?? "").split("/");
        const cut = lengths.map((length) => `/${length}`).join("");
        const others = by.filter((_, other) => other !== place).map((other) => other.replace(/\/.*$/, ""));
        const names = known.map((column) => column.name).filter((other) => place === 0 || !others.includes(other));
        return (
          <span key={place} class="dimension">
            <label>
              <span>{place === 0 ? "By" : place === 1 ? "and by" : `and by (${place + 1})`}</span>
              <Dimension names={names} value={name} {...(place > 0 ? { none: "–" } : {})} choose={(chosen) => choose(place, chosen)} />
            </label>
            {isAddress(name) && (
              <label>
                <span>cut</span>
                <select value={cut} aria-label={`Cut ${name}`} onChange={(event) => choose(place, name + event.currentTarget.value)}>
                  {[...new Set([...CUTS, cut])].map((length) => (
                    <option key={length} value={length}>
                      {length || "–"}
                    </option>
                  ))}
                </select>
              </label>
            )}
          </span>
        );
      })}
    </>
  );
}

function Dimension(props: { names: string[]; value: string; none?: string; choose: (name: string) => void }) {
  const { names, value, none, choose } = props;
  // A shared address may name a column that is not enabled here: it stays to be seen.
  const all = value === "" || names.includes(value) ? names : [value, ...names];
  return (
    <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
      {none !== undefined && <option value="">{none}</option>}
      {all.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
