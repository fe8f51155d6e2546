import { useEffect, useRef, useState } from "preact/hooks";

/** By which measure flows are ranked. */
export type Unit = "bits" | "packets" | "flows";

/** What the address of the page holds: enough for somebody else to see the same. */
export interface State {
  filter: string;
  /** As `-1h`, or a date in the form of ISO 8601. */
  from: string;
  /** `now`, or a date. */
  to: string;
  /** The columns by which flows are grouped. */
  by: string[];
  unit: Unit;
  /** Whether results are shown. */
  run: boolean;
}

export const INITIAL: State = { filter: "", from: "-6h", to: "now", by: ["SrcAS"], unit: "bits", run: false };

const UNITS: readonly string[] = ["bits", "packets", "flows"];

/** Reads the part of an address after `#`; what it lacks, or what is no such thing, is as at first. */
export function read(hash: string): State {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const unit = parameters.get("unit") ?? "";
  const by = (parameters.get("by") ?? "").split(",").filter((name) => /^[A-Za-z][A-Za-z0-9]*$/.test(name));
  return {
    filter: parameters.get("q") ?? INITIAL.filter,
    from: parameters.get("from") || INITIAL.from,
    to: parameters.get("to") || INITIAL.to,
    by: by.length > 0 ? by.slice(0, 2) : INITIAL.by,
    unit: UNITS.includes(unit) ? (unit as Unit) : INITIAL.unit,
    run: parameters.get("run") === "1",
  };
}

/** The part of an address after `#`, without what is as at first. */
export function write(state: State): string {
  const parameters = new URLSearchParams();
  if (state.filter !== "") parameters.set("q", state.filter);
  if (state.from !== INITIAL.from) parameters.set("from", state.from);
  if (state.to !== INITIAL.to) parameters.set("to", state.to);
  if (state.by.join() !== INITIAL.by.join()) parameters.set("by", state.by.join());
  if (state.unit !== INITIAL.unit) parameters.set("unit", state.unit);
  if (state.run) parameters.set("run", "1");
  const text = parameters.toString();
  return text === "" ? "" : `#${text}`;
}

const LENGTHS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A time in seconds since 1970; `now` is in milliseconds. */
function seconds(time: string, now: number): number {
  const [, count, unit] = /^-(\d{1,6})([smhd])$/.exec(time) ?? [];
  if (count !== undefined && unit !== undefined) return Math.floor(now / 1000) - Number(count) * (LENGTHS[unit] ?? 0);
  const moment = Date.parse(time);
  return Math.floor((Number.isNaN(moment) ? now : moment) / 1000);
}

/** The time of a state, for a query. */
export function timeRange({ from, to }: Pick<State, "from" | "to">, now: number): { from: number; to: number } {
  const end = Math.max(1, seconds(to, now));
  return { from: Math.max(0, Math.min(seconds(from, now), end - 1)), to: end };
}

/**
 * Changes a part of the state. A step is one that the browser's "back" undoes; typing is none, it would fill the
 * history.
 */
export type Change = (change: Partial<State>, isStep?: boolean) => void;

const address = (state: State): string => write(state) || location.pathname;

/**
 * The state of the page, kept in the address. The filter lies behind `#`: filters name networks, and what is behind
 * `#` is sent to no server and stands in no log. `returned` is called with the state that "back" brings up.
 */
export function usePageState(returned: (state: State) => void): [State, Change] {
  const [state, setState] = useState(() => read(location.hash));
  const last = useRef({ state, returned });
  last.current.returned = returned;
  useEffect(() => {
    const follow = () => {
      last.current.state = read(location.hash);
      setState(last.current.state);
      last.current.returned(last.current.state);
    };
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  useEffect(() => {
    // Browsers slow down those who change the address too often.
    const timer = setTimeout(() => {
      if (write(last.current.state) !== location.hash) history.replaceState(null, "", address(last.current.state));
    }, 200);
    return () => clearTimeout(timer);
  }, [state]);
  const change: Change = (part, isStep = false) => {
    const next = { ...last.current.state, ...part };
    if (isStep && write(next) !== location.hash) history.pushState(null, "", address(next));
    last.current.state = next;
    setState(next);
  };
  return [state, change];
}
