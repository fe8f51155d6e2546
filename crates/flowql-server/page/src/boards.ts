// Dashboards and views: what the service knows of them, and what their panels ask.
import { call, sending } from "./api.js";
import type { Question } from "./ask.js";
import { readable, type Comparison, type GraphType, type Rank, type Unit } from "./state.js";
import type { Times } from "./times.js";

/** What a panel is drawn as. */
export type PanelType = GraphType | "number" | "billing" | "capacity" | "text";

/** A panel of a dashboard, or the only one of a view. */
export interface Panel {
  title: string;
  description: string;
  filter: string;
  by: string[];
  type: PanelType;
  unit: Unit;
  rank: Rank;
  limit: number;
  both: boolean;
  compare: Comparison;
  width: "full" | "half" | "third";
  from: string;
  to: string;
}

/** A dashboard. */
export interface Dashboard {
  title: string;
  description: string;
  filter: string;
  from: string;
  to: string;
  /** The columns that one chooses a value of. */
  ask: string[];
  panel: Panel[];
}

/** A dashboard or a view, as it is listed. */
export type Listed = {
  source: "own" | "folder" | "shipped";
  name: string;
  /** The text of its file. */
  content: string;
  /** What is wrong with it. */
  error: string | null;
} & ({ kind: "dashboard"; board: Dashboard | null } | { kind: "view"; board: Panel | null });

export const listBoards = (): Promise<{ boards: Listed[]; incomplete?: string }> => call("api/v1/boards");

export const putBoard = (kind: Listed["kind"], name: string, content: string): Promise<void> =>
  call(`api/v1/boards/${kind}/${name}`, sending("PUT", { content }));

export const deleteBoard = (kind: Listed["kind"], name: string): Promise<void> =>
  call(`api/v1/boards/${kind}/${name}`, { method: "DELETE" });

/** The name of the dashboard that one starts with: a file or an own one of this name takes the place of the overview. */
export const HOME = "home";

/** What the address of a dashboard holds. */
export interface Shown {
  name: string;
  source: "" | Listed["source"];
  /** In addition to those of the file; empty for the times of the file. */
  filter: string;
  from: string;
  to: string;
  /** Whether all controls are hidden, as on a screen on a wall. */
  wall: boolean;
}

export function readShown(hash: string): Shown {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const source = parameters.get("source");
  return {
    name: parameters.get("name") ?? "",
    source: source === "own" || source === "folder" || source === "shipped" ? source : "",
    filter: parameters.get("filter") ?? "",
    from: parameters.get("from") ?? "",
    to: parameters.get("to") ?? "",
    wall: parameters.get("wall") === "1" || new URLSearchParams(location.search).has("wall"),
  };
}

export function writeShown({ name, source, filter, from, to, wall }: Shown): string {
  const parts: string[] = [];
  const put = (key: string, value: string) => value !== "" && parts.push(`${key}=${readable(value)}`);
  put("name", name);
  put("source", source);
  put("filter", filter);
  put("from", from);
  put("to", to);
  put("wall", wall ? "1" : "");
  return ["#dashboards", ...(parts.length === 0 ? [] : ["v=1"]), ...parts].join("&");
}

/** The address of a dashboard, or of the list where there is no name. */
export const boardOf = (name: string, source: Listed["source"] | "" = ""): string =>
  writeShown({ name, source, filter: "", from: "", to: "", wall: false });

/** Filters that must all hold. A comment at the end of one goes up to the end of its line. */
export function all(filters: string[]): string {
  const some = filters.map((filter) => filter.trim()).filter((filter) => filter !== "");
  return some.length < 2 ? (some[0] ?? "") : some.map((filter) => `(${filter}\n)`).join(" AND ");
}

/** What a panel asks. */
export function questionOf(panel: Panel, filters: string[], times: Times): Question {
  const { by, unit, rank, limit, both, compare } = panel;
  const own = { from: panel.from || times.from, to: panel.to || times.to };
  const columns = panel.type === "number" ? [] : by;
  return { filter: all([...filters, panel.filter]), by: columns, unit, rank, limit, both, compare, ...own };
}

/** The text of the file of a view that shows what a question asks. */
export function viewOf(title: string, question: Question, type: GraphType): string {
  const { filter, by, unit, rank, limit, both, compare, from, to } = question;
  const lines = [`title = ${quoted(title)}`, `filter = ${quoted(filter)}`, `by = [${by.map(quoted).join(", ")}]`];
  lines.push(`type = ${quoted(type)}`, `unit = ${quoted(unit)}`, `rank = ${quoted(rank)}`, `limit = ${limit}`);
  if (both) lines.push("both = true");
  if (compare !== "") lines.push(`compare = ${quoted(compare)}`);
  lines.push(`from = ${quoted(from)}`, `to = ${quoted(to)}`);
  return `${lines.join("\n")}\n`;
}

/** A text as TOML writes it: between single quotes where it can be, as people read that best. */
export function quoted(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (!/['\u0000-\u001f\u007f]/.test(value)) return `'${value}'`;
  return JSON.stringify(value).replace(/\u007f/g, "\\u007f");
}

/** Lets so many questions be asked at once; the others wait for their turn. */
export class Turns {
  #free: number;
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async take<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((turn) => this.#waiting.push(turn));
    try {
      signal.throwIfAborted();
      return await ask();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
