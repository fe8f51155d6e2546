import type { Configuration } from "@flowql/wasm";

import type { Rank, Unit } from "./state.js";

/** A filter that was saved, or one of the configuration, whose user is `null`. */
export interface SavedFilter {
  id: number;
  user: string | null;
  name: string | null;
  description: string;
  content: string;
  shared: boolean;
}

/** A question about flows, as `POST /api/v1/query` takes it. */
export interface Query {
  filter: string;
  kind: "top" | "series" | "flows";
  columns: string[];
  unit: Unit;
  /** Seconds since 1970. */
  from: number;
  to: number;
  limit?: number;
  points?: number;
  /** The seconds between the points. */
  step?: number;
  statistic?: Rank;
  /** Whether the opposite direction is answered as well. */
  both?: boolean;
}

export type Cell = string | number | boolean | null | Cell[];

/** Where an answer comes from. */
export interface Plan {
  table: string;
  /** Why that table. */
  reason: string;
  sql: string;
  /** The seconds between the points of a series. */
  interval: number | null;
  /** The time that is covered: whole intervals of the table, in seconds since 1970. */
  from: number;
  to: number;
  /** The warnings and hints of the filter. */
  diagnostics: { code: string; severity: string; message: string }[];
}

/** The rows of an answer, a cell for each column. */
export interface Answer {
  columns: { name: string; kind: string }[];
  rows: Cell[][];
  plan: Plan;
}

/** What the service knows of itself, its columns and its tables. */
export interface Service {
  configuration: Configuration;
  /** `null` where it has none. */
  backend: string | null;
  /** Whether it runs queries. */
  queries: boolean;
  tables: Table[];
  /** Why the tables are not known. */
  incomplete?: string;
  /** The collector that is part of the service; `null` where none is. */
  collector: CollectorState | null;
  user: User;
}

/** A table of flows. */
export interface Table {
  name: string;
  resolution: number;
  /** The times of its oldest and newest rows, in seconds since 1970; `null` where there are none, or they are not said. */
  oldest: number | null;
  newest: number | null;
}

/** Who looks at the page. */
export interface User {
  name: string | null;
  role: "view" | "edit" | "operate";
  /** `part` where a forced filter selects what the user sees. */
  sees: "all" | "part" | "nothing";
}

/** How it is with the collector, in short. */
export interface CollectorState {
  /** How many send to it, and how many flows it has received; `null` where that is not said. */
  exporters: number | null;
  flows: number | null;
  /** Why it is not ready. */
  reasons: string[];
  problems: { exporter?: string; severity: string; message: string; advice: string }[];
}

/** What the service says when it refuses, or that it does not answer. */
export class Refusal extends Error {
  constructor(
    message: string,
    /** The stable code; `unreachable` where there is no answer. */
    readonly code: string,
  ) {
    super(message);
  }

  /** Whatever was thrown, as a refusal. */
  static of(error: unknown): Refusal {
    return error instanceof Refusal ? error : new Refusal(String(error), "internal");
  }
}

/** Told when the service is found not to answer. */
export const outages = new EventTarget();

async function request(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    outages.dispatchEvent(new Event("outage"));
    throw new Refusal("the service does not answer", "unreachable");
  }
}

async function refusal(response: Response): Promise<Refusal> {
  const body: unknown = await response.json().catch(() => null);
  const { message, code } = (body ?? {}) as { message?: string; code?: string };
  return new Refusal(message ?? `the service answers with status ${response.status}`, code ?? String(response.status));
}

export async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await request(path, init);
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export function sending(method: string, body: unknown, signal?: AbortSignal): RequestInit {
  const headers = { "content-type": "application/json" };
  return { method, headers, body: JSON.stringify(body), signal: signal ?? null };
}

/** Whether the service lives. */
export const lives = (): Promise<boolean> =>
  fetch("healthz").then(
    (response) => response.ok,
    () => false,
  );

export const describeService = (): Promise<Service> => call("api/v1/schema");

/** How a question would be answered. */
export const planOf = (question: Query, signal: AbortSignal): Promise<Plan> =>
  call("api/v1/plan", sending("POST", question, signal));

/** Asks for flows. The answer is a stream of lines: an object, the rows, and an object that says how they ended. */
export async function query(question: Query, signal: AbortSignal): Promise<Answer> {
  const response = await request("api/v1/query", sending("POST", question, signal));
  if (!response.ok) throw await refusal(response);
  const [head, ...lines] = (await bodyOf(response))
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const tail = lines.pop() as { error?: string } | undefined;
  if (tail === undefined || tail.error !== undefined) throw new Refusal(tail?.error ?? "the answer broke off", "broken_off");
  const { columns, ...plan } = head as Plan & Pick<Answer, "columns">;
  return { columns, plan, rows: lines as Cell[][] };
}

async function bodyOf(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal("the answer broke off", "broken_off");
  }
}

/** What is wrong with an exporter, and what to do. */
export interface ExporterProblem {
  kind: string;
  severity: "note" | "warning" | "error";
  message: string;
  advice: string;
}

/** An exporter, by the source address of its datagrams. */
export interface Exporter {
  address: string;
  name: string;
  protocols: string[];
  flows_per_second: number | null;
  flows: number;
  templates: number;
  /** How far its clock is ahead, in milliseconds; `null` where it tells no time. */
  clock_ms: number | null;
  lost: number;
  problems: ExporterProblem[];
}

/** Who sends to the collector: those with the worst problems first. */
export interface Collected {
  exporters: Exporter[];
  /** What is wrong with what comes in that is of no exporter. */
  problems: ExporterProblem[];
}

/** Asks the collector that is part of the service. */
export const collected = (): Promise<Collected> => call("api/v1/exporters");

/** Whether a refusal says that no collector is part of the service, or of what answers in its place. */
export const isWithoutCollector = ({ code }: Refusal): boolean => code === "no_collector" || code === "not_found";

/** The answer to a question about flows as they are written, as it comes. */
export async function tail(parameters: URLSearchParams, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await request(`api/v1/tail?${parameters}`, { signal });
  if (!response.ok || response.body === null) throw await refusal(response);
  return response.body;
}

export const savedFilters = async (): Promise<SavedFilter[]> =>
  (await call<{ filters: SavedFilter[] }>("api/v1/filters")).filters;

/** What the user gives of a filter to save. */
export type Draft = Pick<SavedFilter, "name" | "description" | "content" | "shared">;

/** Saves a filter, in the place of one that is there where its number is given. */
export const saveFilter = (draft: Draft, id?: number): Promise<SavedFilter> =>
  id === undefined
    ? call("api/v1/filters", sending("POST", draft))
    : call(`api/v1/filters/${id}`, sending("PUT", draft));

export const deleteFilter = (id: number): Promise<void> => call(`api/v1/filters/${id}`, { method: "DELETE" });
