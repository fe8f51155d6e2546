/** The budgets, in microseconds: a call about a filter of five conditions, and a keystroke in 64 KiB, one frame. */
export const BUDGETS = { validate: 25, tokens: 25, complete: 25, keystroke: 16_000, diagnostics: 16_000 };

/**
 * Batches of what is measured: each a function that asks `calls` times, 1,000 for a short filter. `keystroke` is what
 * an editor asks at once after one in a filter of 64 KiB: the tokens, and what may stand at the cursor;
 * `diagnostics`, of the same filter, it asks when the typing pauses. Runs in a page as well.
 */
export function batches(flowql, filter) {
  const batch = (calls, ask) => ({
    calls,
    run: () => {
      for (let call = 0; call < calls; call++) ask();
    },
  });
  const long = Array.from({ length: Math.floor(65_536 / (filter.length + 4)) }, () => filter).join("\nOR ");
  const typed = `${long.slice(0, long.lastIndexOf("AND"))}AND Src`;
  return {
    validate: batch(1000, () => flowql.diagnostics(filter)),
    tokens: batch(1000, () => flowql.tokens(filter)),
    complete: batch(1000, () => flowql.complete(filter, filter.length)),
    keystroke: batch(5, () => {
      flowql.tokens(typed);
      flowql.complete(typed, typed.length);
    }),
    diagnostics: batch(5, () => flowql.diagnostics(typed)),
  };
}

/**
 * How long a call of each batch takes, in microseconds, warm: the best of several batches. What else runs on the
 * machine only adds: so there are more of them, up to a limit, as long as the best is above the budget. `run` runs the
 * batch of a name and answers how many calls that were; `clock` gives the time of the processor, in microseconds.
 */
export async function measure(run, clock) {
  const times = {};
  for (const name of Object.keys(BUDGETS)) {
    let shortest = Infinity;
    for (let batch = 0; batch < 10 || (batch < 60 && shortest >= BUDGETS[name]); batch++) {
      const start = await clock();
      const calls = await run(name);
      shortest = Math.min(shortest, ((await clock()) - start) / calls);
    }
    times[name] = Math.round(shortest * 10) / 10;
  }
  return times;
}

/** The names of what takes longer than it may. */
export const late = (times) => Object.keys(BUDGETS).filter((name) => !(times[name] < BUDGETS[name]));
