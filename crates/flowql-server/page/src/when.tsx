import { useState } from "preact/hooks";

import { scaled, shifted, type Times, typed } from "./times.js";

export const RANGES: readonly [from: string, name: string][] = [
  ["-15m", "last 15 minutes"],
  ["-1h", "last hour"],
  ["-6h", "last 6 hours"],
  ["-24h", "last 24 hours"],
  ["-7d", "last 7 days"],
  ["-30d", "last 30 days"],
];

/** A date in the form of an input of the type `datetime-local`. */
function local(time: string): string {
  const date = Number.isNaN(Date.parse(time)) ? new Date() : new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The time: one of the usual ones, dates, or what one types. */
export function TimeRange({ state, set }: { state: Times; set: (part: Partial<Times>) => void }) {
  const isRelative = state.to === "now" && RANGES.some(([from]) => from === state.from);
  const [isWrong, setWrong] = useState(false);
  const chooseRange = (value: string) => {
    if (value !== "custom") return set({ from: value, to: "now" });
    const now = Date.now();
    set({ from: new Date(now - 3_600_000).toISOString(), to: new Date(now).toISOString() });
  };
  const moment = (name: "from" | "to", value: string) => {
    const time = new Date(value);
    if (!Number.isNaN(time.getTime())) set({ [name]: time.toISOString() });
  };
  const read = (input: HTMLInputElement) => {
    if (input.value.trim() === "") return setWrong(false);
    const times = typed(input.value, Date.now());
    setWrong(times === null);
    if (times === null) return;
    input.value = "";
    set(times);
  };
  const now = () => Date.now();
  return (
    <>
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
            {state[name] === "now" || state[name].startsWith("-") ? (
              <input type="text" readOnly value={state[name]} size={8} />
            ) : (
              <input type="datetime-local" value={local(state[name])} onChange={(event) => moment(name, event.currentTarget.value)} />
            )}
          </label>
        ))}
      <label>
        <span>or type it</span>
        <input
          type="text"
          size={15}
          placeholder="yesterday"
          title="6 hours ago, yesterday, last month, 2026-01-31, 2026-01-31 10:00 to 12:00"
          aria-invalid={isWrong}
          onChange={(event) => read(event.currentTarget)}
        />
      </label>
      <span class="arrows" role="group" aria-label="Shift or zoom the time">
        <button type="button" class="small" aria-label="Earlier" title="Earlier: [" onClick={() => set(shifted(state, -0.5, now()))}>
          ‹
        </button>
        <button type="button" class="small" aria-label="Later" title="Later: ]" onClick={() => set(shifted(state, 0.5, now()))}>
          ›
        </button>
        <button type="button" class="small" aria-label="Zoom out" title="Zoom out: -" onClick={() => set(scaled(state, 2, now()))}>
          −
        </button>
        <button type="button" class="small" aria-label="Zoom in" title="Zoom in: +" onClick={() => set(scaled(state, 0.5, now()))}>
          +
        </button>
      </span>
    </>
  );
}
