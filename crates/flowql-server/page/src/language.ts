import type { FlowQL } from "@flowql/wasm";
import { useMemo, useRef } from "preact/hooks";

import { Refusal, type SavedFilter, type Service } from "./api.js";

/** Gives the compiler the service's configuration and the saved filters; one's own come first and win. */
function configure(language: FlowQL, service: Service | null, filters: SavedFilter[]): void {
  const named = filters.flatMap(({ name, content }): [string, string][] => (name === null ? [] : [[name, content]]));
  language.configure({ ...service?.configuration, filters: Object.fromEntries(named.reverse()) });
}

/** Whether a value is a prefix that addresses were cut to. */
const isPrefix = (value: string): boolean => /^[\da-f.:]+\/\d+$/i.test(value);

/** The filter, and that an address lies in a prefix, or with `exclude` that it does not. */
function within(filter: string, column: string, prefix: string, exclude: boolean): string {
  const condition = `${column} ${exclude ? "!<<" : "<<"} ${prefix}`;
  if (filter.trim() === "") return condition;
  // A comment at the end goes up to the end of its line.
  return `${/\bor\b|--|\|\|/i.test(filter) ? `(${filter}\n)` : filter} AND ${condition}`;
}

/** The filter, and that a column has a value, or with `exclude` that it has not; `null` where no filter can say that. */
export const narrowed = (language: FlowQL, filter: string, column: string, value: string, exclude: boolean): string | null =>
  isPrefix(value) ? within(filter, column, value, exclude) : language.narrow(filter, column, value, exclude);

/** Whether a filter can say that a column has a value. */
export const canNarrow = (language: FlowQL, column: string, value: string): boolean =>
  isPrefix(value) || language.narrow("", column, value) !== null;

/**
 * Configures the language, at once. It is the same object before and after: what is made of it depends on the number of
 * times that it was configured, which is returned.
 */
export function useLanguage(language: FlowQL, service: Service | null, saved: SavedFilter[] | Refusal): number {
  const version = useRef(0);
  useMemo(() => {
    configure(language, service, saved instanceof Refusal ? [] : saved);
    version.current++;
  }, [language, service, saved]);
  return version.current;
}
