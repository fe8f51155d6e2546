import type { Column } from "@flowql/wasm";

import { unitName } from "./amounts.js";
import type { Change, State, Unit } from "./state.js";

const RANGES: readonly [from: string, name: string][] = [
  ["-15m", "last 15 minutes"],
  ["-1h", "last hour"],
  ["-6h", "last 6 hours"],
  ["-24h", "last 24 hours"],
  ["-7d", "last 7 days"],
  ["-30d", "last 30 days"],
];

const UNITS: readonly Unit[] = ["bits", "packets", "flows"];

/** A date in the form of an input of the type `datetime-local`. */
function local(time: string): string {
  const date = Number.isNaN(Date.parse(time)) ? new Date() : new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** When, by what, and in which measure. */
export function Controls({ state, change, columns }: { state: State; change: Change; columns: Column[] }) {
  const isRelative = state.to === "now" && RANGES.some(([from]) => from === state.from);
  const chooseRange = (value: string) => {
    if (value !== "custom") return change({ from: value, to: "now" }, true);
    const now = Date.now();
    change({ from: new Date(now - 3_600_000).toISOString(), to: new Date(now).toISOString() }, true);
  };
  const moment = (name: "from" | "to", value: string) => {
    const time = new Date(value);
    if (!Number.isNaN(time.getTime())) change({ [name]: time.toISOString() }, true);
  };
  const [first = "", second = ""] = state.by;
  const dimensions = columns.filter((column) => column.enabled && column.dimension).map((column) => column.name);
  const group = (names: string[]) => change({ by: names.filter(Boolean) }, true);
  return (
    <div class="controls" role="group" aria-label="What to show">
      <label>
        <span>Time</span>
        <select value={isRelative ? state.from : "custom"} onChange={(event) => chooseRange(event.currentTarget.value)}>
          {RANGES.map(([from, name]) => (
            <option key={from} value={from}>
              {name}
            </option>
          ))}
          <option value="custom">from … to …</option>
        </select>
      </label>
      {!isRelative &&
        (["from", "to"] as const).map((name) => (
          <label key={name}>
            <span>{name === "from" ? "From" : "To"}</span>
            <input type="datetime-local" value={local(state[name])} onChange={(event) => moment(name, event.currentTarget.value)} />
          </label>
        ))}
      <label>
        <span>By</span>
        <Dimension names={dimensions} value={first} choose={(name) => group([name, second === name ? "" : second])} />
      </label>
      <label>
        <span>and by</span>
        <Dimension
          names={dimensions.filter((name) => name !== first)}
          value={second}
          none="–"
          choose={(name) => group([first, name])}
        />
      </label>
      <label>
        <span>In</span>
        <select value={state.unit} onChange={(event) => change({ unit: event.currentTarget.value as Unit }, true)}>
          {UNITS.map((unit) => (
            <option key={unit} value={unit}>
              {unitName(unit)}
            </option>
          ))}
        </select>
      </label>
    </div>
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
