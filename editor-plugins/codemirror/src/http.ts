import type { ValueSource } from "./values.js";

/** How a service is reached. */
export interface ServiceOptions {
  /** Where it is, without the path of its API: `https://flows.example.net`. Empty for the page's own origin. */
  url?: string;
  /** How many values to ask for; 50 unless given. */
  limit?: number;
  /** Further headers of each request. */
  headers?: Record<string, string>;
  /** Whether cookies are sent: to the page's own origin unless given. */
  credentials?: RequestCredentials;
}

async function post(path: string, options: ServiceOptions, body: unknown, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(`${(options.url ?? "").replace(/\/+$/, "")}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...options.headers },
    body: JSON.stringify(body),
    signal,
    ...(options.credentials ? { credentials: options.credentials } : {}),
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Error("the service cannot be reached", { cause: error });
  });
  if (!response.ok) throw new Error(`the service answers ${response.status} ${response.statusText}`.trimEnd());
  return response.json().catch(() => {
    signal.throwIfAborted();
    throw new Error("the service does not answer with JSON");
  });
}

/** The items of a list that may be there under a name of an answer. */
function items(answer: unknown, name: string): Record<string, unknown>[] {
  const list = (answer as Record<string, unknown> | null)?.[name];
  if (!Array.isArray(list)) throw new Error("the service gives an unexpected answer");
  return list.filter((item): item is Record<string, unknown> => typeof item === "object" && item !== null);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Why values are missing, where the service says so. */
function missing(answer: unknown): { missing?: string } {
  const reason = text((answer as Record<string, unknown>).incomplete);
  return reason ? { missing: reason } : {};
}

/** The values that FlowQL's own service knows (`flowql serve`). */
export function flowqlService(options: ServiceOptions = {}): ValueSource {
  const { limit = 50 } = options;
  return async (_request, { filter, cursor, signal }) => {
    const body = { filter, cursor_utf16: cursor, limit };
    const answer = await post("/api/v1/complete", options, body, signal);
    const candidates = items(answer, "candidates");
    const values = candidates.filter(({ kind }) => kind === "value");
    return {
      values: values.map(({ label, detail }) => ({ value: text(label), detail: text(detail) })),
      more: candidates.length >= limit,
      ...missing(answer),
    };
  };
}

/** The values that a service with the routes of the Akvorado console knows. */
export function akvoradoService(options: ServiceOptions = {}): ValueSource {
  const { limit = 50 } = options;
  return async ({ column, operator, prefix }, { signal }) => {
    const body = { what: "value", column, operator, prefix, limit };
    const answer = await post("/api/v0/console/filter/complete", options, body, signal);
    const completions = items(answer, "completions");
    return {
      values: completions.map(({ label, detail }) => ({ value: text(label), detail: text(detail) })),
      // Such a service has a limit of its own, and does not say so.
      more: completions.length >= Math.min(limit, 20),
      ...missing(answer),
    };
  };
}
