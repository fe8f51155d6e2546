import { useEffect, useState } from "preact/hooks";

import { type Plan, planOf, Refusal } from "./api.js";
import type { State } from "./state.js";
import { timeRange } from "./times.js";

/** How the service would run the filter, or why it would not; `null` where it was not asked. */
export type Planned = Plan | Refusal | null;

/** How long to wait for further typing, in milliseconds. */
const PAUSE = 250;

/** Asks, while one types, which table would be read. `canAsk` is false where the answer is known to be an error. */
export function usePlan(state: State, canAsk: boolean): Planned {
  const [planned, setPlanned] = useState<Planned>(null);
  const { filter, from, to, by, unit } = state;
  const columns = by.join();
  useEffect(() => {
    if (!canAsk) {
      setPlanned(null);
      return;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const question = { filter, columns: by, unit, kind: "top" as const, ...timeRange({ from, to }, Date.now()) };
      planOf(question, controller.signal).then(setPlanned, (error: unknown) => {
        if (!controller.signal.aborted) setPlanned(Refusal.of(error));
      });
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [filter, from, to, columns, unit, canAsk]);
  return planned;
}
