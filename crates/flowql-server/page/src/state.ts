import { useEffect, useRef, useState } from "preact/hooks";

import type { Times } from "./times.js";

/** By which measure flows are ranked. */
export type Unit = "bits" | "l2bits" | "packets" | "flows" | "inspeed" | "outspeed";

export const UNITS: readonly Unit[] = ["bits", "l2bits", "packets", "flows", "inspeed", "outspeed"];

/** What the results are drawn as. */
export type GraphType = "stacked" | "percent" | "lines" | "small" | "map" | "sankey" | "heatmap" | "table";

export const TYPES: readonly GraphType[] = ["stacked", "percent", "lines", "small", "map", "sankey", "heatmap", "table"];

/** By what of their points values are ranked. */
export type Rank = "average" | "maximum" | "last" | "p95";

export const RANKS: readonly Rank[] = ["average", "maximum", "last", "p95"];

/** With which earlier time the results are compared. */
export type Comparison = "" | "hour" | "day" | "week" | "year";

export const COMPARISONS: readonly Comparison[] = ["", "hour", "day", "week", "year"];

/** How many values there can be. */
export const LIMITS = [5, 10, 20, 30, 50];

/** How many columns flows can be grouped by. */
export const MOST_COLUMNS = 5;

/** What the address of the page holds: enough for somebody else to see the same. */
export interface State extends Times {
  filter: string;
  /** The columns by which flows are grouped; addresses may be cut, as `SrcAddr/24`. */
  by: string[];
  unit: Unit;
  type: GraphType;
  rank: Rank;
  limit: number;
  /** Whether the opposite direction is shown as well. */
  both: boolean;
  compare: Comparison;
  /** Whether results are shown. */
  run: boolean;
}

export const INITIAL: State = {
  filter: "",
  from: "-6h",
  to: "now",
  by: ["SrcAS"],
  unit: "bits",
  type: "stacked",
  rank: "average",
  limit: 10,
  both: false,
  compare: "",
  run: false,
};

/** A column to group by, with the length that its addresses are cut to. */
const COLUMN = /^[A-Za-z][A-Za-z0-9]*(\/\d{1,2}(\/\d{1,3})?)?$/;

/** One of some words, else the first. */
const one = <T extends string>(words: readonly T[], word: string | null): T => words.find((known) => known === word) ?? words[0]!;

/**
 * Reads the part of an address after `#`; what it lacks, or what is no such thing, is as at first. The first addresses had
 * no version, and the filter as `q`.
 */
export function read(hash: string): State {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const by = (parameters.get("by") ?? "").split(",").filter((name) => COLUMN.test(name));
  const limit = Number(parameters.get("limit"));
  return {
    filter: parameters.get("filter") ?? parameters.get("q") ?? INITIAL.filter,
    from: parameters.get("from") || INITIAL.from,
    to: parameters.get("to") || INITIAL.to,
    by: by.length > 0 ? by.slice(0, MOST_COLUMNS) : INITIAL.by,
    unit: one(UNITS, parameters.get("unit")),
    type: one(TYPES, parameters.get("type")),
    rank: one(RANKS, parameters.get("rank")),
    limit: Number.isInteger(limit) && limit >= 1 && limit <= 50 ? limit : INITIAL.limit,
    both: parameters.get("both") === "1",
    compare: one(COMPARISONS, parameters.get("compare")),
    run: parameters.get("run") === "1",
  };
}

/** A value of an address that a person can read: only what would end it is written as numbers. */
export const readable = (value: string): string =>
  encodeURIComponent(value).replace(/%20/g, "+").replace(/%(2C|2F|3A|3D|40|3B|24)/g, (code) => decodeURIComponent(code));

/** The part of an address after `#`, without what is as at first. */
export function write(state: State): string {
  const parts: string[] = [];
  const put = (name: string, value: string, usual: string) => {
    if (value !== usual) parts.push(`${name}=${readable(value)}`);
  };
  put("filter", state.filter, "");
  put("by", state.by.join(), INITIAL.by.join());
  put("from", state.from, INITIAL.from);
  put("to", state.to, INITIAL.to);
  for (const name of ["unit", "type", "rank", "compare"] as const) put(name, state[name], INITIAL[name]);
  put("limit", String(state.limit), String(INITIAL.limit));
  put("both", state.both ? "1" : "", "");
  put("run", state.run ? "1" : "", "");
  return parts.length === 0 ? "" : `#v=1&${parts.join("&")}`;
}

/** The address of the live tail of a filter. */
export const tailOf = (filter: string): string => (filter === "" ? "#tail" : `#tail&v=1&filter=${readable(filter)}`);

/**
 * Changes a part of the state. A step is one that the browser's "back" undoes; typing is none, it would fill the
 * history.
 */
export type ChangeOf<T> = (change: Partial<T>, isStep?: boolean) => void;

export type Change = ChangeOf<State>;

/**
 * The state of a page, kept in the address. The filter lies behind `#`: filters name networks, and what is behind
 * `#` is sent to no server and is in no log. `returned` is called with the state that "back" brings up.
 */
export function useAddress<T>(read: (hash: string) => T, write: (state: T) => string, returned: (state: T) => void): [T, ChangeOf<T>] {
  const [state, setState] = useState(() => read(location.hash));
  const last = useRef({ state, returned });
  last.current.returned = returned;
  const address = (state: T): string => write(state) || location.pathname;
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
  const change: ChangeOf<T> = (part, isStep = false) => {
    const next = { ...last.current.state, ...part };
    if (isStep && write(next) !== location.hash) history.pushState(null, "", address(next));
    last.current.state = next;
    setState(next);
  };
  return [state, change];
}

/** The state of the page of flows. */
export const usePageState = (returned: (state: State) => void): [State, Change] => useAddress(read, write, returned);
