import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { Refusal } from "./api.js";
import { ask, newest, type Question, type Selection } from "./ask.js";
import { Chart } from "./chart.js";
import { Copy } from "./copy.js";
import { Failure, Nothing } from "./failure.js";
import { type Narrow, TopTable } from "./table.js";
import type { Theme } from "./theme.js";

type Outcome =
  | { kind: "shown"; selection: Selection }
  /** No flow matches; with the time of the newest flow of the store, if there is any. */
  | { kind: "nothing"; selection: Selection; newest: number | null }
  | { kind: "failed"; refusal: Refusal }
  | { kind: "stopped" };

/** What a filter selects: the top values and their traffic over time. */
export function Results(props: {
  question: Question;
  /** Counts the presses of "run": each asks anew. */
  round: number;
  /** Counts how often the service has come back: what failed because it was away is asked anew. */
  returns: number;
  /** Whether the filter has been changed since. */
  isOld: boolean;
  theme: Theme;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
  setTime: (from: number, to: number) => void;
}) {
  const { question, round, returns, isOld, theme, narrow, canNarrow, setTime } = props;
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [isBusy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  const [again, setAgain] = useState(0);
  const wasAway = outcome?.kind === "failed" && ["unreachable", "broken_off"].includes(outcome.refusal.code);
  useEffect(() => {
    if (wasAway) setAgain((count) => count + 1);
  }, [returns]);
  const { filter, from, to, by, unit } = question;
  useEffect(() => {
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    const end = (outcome: Outcome) => {
      if (running.current !== controller) return;
      running.current = null;
      setOutcome(outcome);
      setBusy(false);
    };
    controller.signal.addEventListener("abort", () => end({ kind: "stopped" }));
    find(question, controller.signal).then(end, (error: unknown) => {
      if (!controller.signal.aborted) end({ kind: "failed", refusal: Refusal.of(error) });
    });
    return () => {
      // What is replaced is not stopped: it leaves the outcome alone.
      running.current = null;
      controller.abort();
    };
  }, [round, filter, from, to, by.join(), unit, again]);
  return (
    <section class="panel results" aria-label="What the filter selects" aria-busy={isBusy}>
      <header>
        <h2>What it selects</h2>
        <span class="faint" role="status">
          {isBusy ? "asking the store …" : isOld ? "of the filter before you changed it: run it again" : ""}
        </span>
        {isBusy && (
          <button type="button" class="small" onClick={() => running.current?.abort()}>
            Stop
          </button>
        )}
        <Copy text={() => location.href}>Copy link</Copy>
      </header>
      {outcome !== null && body(outcome)}
    </section>
  );

  function body(outcome: Outcome): ComponentChildren {
    switch (outcome.kind) {
      case "stopped":
        return <p class="notice">Stopped before the answer came. Run it again, or take a shorter time.</p>;
      case "failed":
        return <Failure refusal={outcome.refusal} />;
      case "nothing":
        return <Nothing question={question} newest={outcome.newest} table={outcome.selection.plan.table} setTime={setTime} />;
      case "shown":
        return (
          <div class={isBusy || isOld ? "shown old" : "shown"}>
            <Chart selection={outcome.selection} theme={theme} zoom={setTime} />
            <TopTable selection={outcome.selection} narrow={narrow} canNarrow={canNarrow} />
          </div>
        );
    }
  }
}

async function find(question: Question, signal: AbortSignal): Promise<Outcome> {
  const selection = await ask(question, signal);
  if (selection.rows.length > 0) return { kind: "shown", selection };
  return { kind: "nothing", selection, newest: await newest(signal) };
}
