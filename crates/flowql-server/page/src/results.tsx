import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { describeService, Refusal } from "./api.js";
import { ask, newest, type Question, type Selection } from "./ask.js";
import { Copy } from "./copy.js";
import { Failure, Nothing, type Why } from "./failure.js";
import { Graph } from "./graph.js";
import { Hints } from "./hints.js";
import { isStale, newer, pause } from "./live.js";
import { Save } from "./save.js";
import type { GraphType } from "./state.js";
import { type Narrow, TopTable } from "./table.js";
import type { Theme } from "./theme.js";

type Outcome =
  | { kind: "shown"; selection: Selection; question: Question }
  /** No flow matches; with what is known of why. */
  | { kind: "nothing"; selection: Selection; why: Why }
  | { kind: "failed"; refusal: Refusal }
  | { kind: "stopped" };

/** What a filter selects: the top values and their traffic over time. */
export function Results(props: {
  question: Question;
  type: GraphType;
  /** Counts the presses of "run": each asks again. */
  round: number;
  /** Counts how often the service has come back: what failed because it was away is asked again. */
  returns: number;
  /** Whether the filter has been changed since. */
  isOld: boolean;
  theme: Theme;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
  setTime: (from: number, to: number) => void;
}) {
  const { question, type, round, returns, isOld, theme, narrow, canNarrow, setTime } = props;
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [isBusy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  const [again, setAgain] = useState(0);
  const wasAway = outcome?.kind === "failed" && ["unreachable", "broken_off"].includes(outcome.refusal.code);
  useEffect(() => {
    if (wasAway) setAgain((count) => count + 1);
  }, [returns]);
  const { filter, from, to, by, unit, rank, limit, both, compare } = question;
  const asked = JSON.stringify([filter, from, to, by, unit, rank, limit, both, compare]);
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
  }, [round, asked, again]);
  const canLive = to === "now" && compare === "";
  const [isPaused, setPaused] = useState(false);
  const isLive = canLive && !isPaused && !isOld && !isBusy && outcome !== null && ["shown", "nothing"].includes(outcome.kind);
  useLive(isLive ? outcome : null, question, setOutcome, () => setAgain((count) => count + 1));
  const status = isBusy ? "asking the store …" : isOld ? "of the filter before you changed it: run it again" : "";
  return (
    <section class="panel results" aria-label="What the filter selects" aria-busy={isBusy}>
      <header>
        <h2>What it selects</h2>
        <span class="faint" role="status">
          {status}
        </span>
        {isBusy && (
          <button type="button" class="small" onClick={() => running.current?.abort()}>
            Stop
          </button>
        )}
        <span class="tools">
          {canLive && outcome !== null && (
            <button type="button" class={isPaused ? "small live paused" : "small live"} aria-pressed={!isPaused} onClick={() => setPaused(!isPaused)}>
              Live
            </button>
          )}
          {outcome?.kind === "shown" && <Save selection={outcome.selection} question={outcome.question} type={type} />}
          <Copy text={() => location.href}>Copy link</Copy>
        </span>
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
        return (
          <Nothing
            question={question}
            why={outcome.why}
            table={outcome.selection.plan.table}
            setTime={setTime}
          />
        );
      case "shown":
        return (
          <div class={isBusy || isOld ? "shown old" : "shown"}>
            <Hints selection={outcome.selection} question={outcome.question} />
            <Graph type={type} selection={outcome.selection} theme={theme} zoom={setTime} narrow={narrow} canNarrow={canNarrow} />
            <TopTable selection={outcome.selection} narrow={narrow} canNarrow={canNarrow} />
          </div>
        );
    }
  }
}

/** Keeps what is shown at the present; nothing where it is `null`. A page that nobody sees asks nothing. */
function useLive(outcome: Outcome | null, question: Question, show: (outcome: Outcome) => void, askAll: () => void): void {
  useEffect(() => {
    if (outcome === null || !("selection" in outcome)) return;
    const { selection } = outcome;
    const controller = new AbortController();
    const step = async () => {
      if (document.visibilityState === "hidden") return wait();
      // Where nothing was found, flows may come that are.
      if (outcome.kind === "nothing" || isStale(selection, question, Date.now())) return askAll();
      try {
        show({ kind: "shown", selection: await newer(selection, question, controller.signal), question });
      } catch {
        // What is shown stays; a service that is away says so at the top of the page.
        if (!controller.signal.aborted) wait();
      }
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = () => {
      timer = setTimeout(() => void step(), pause(selection));
    };
    wait();
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [outcome]);
}

async function find(question: Question, signal: AbortSignal): Promise<Outcome> {
  const selection = await ask(question, signal);
  if (selection.rows.length > 0) return { kind: "shown", selection, question };
  const [last, service] = await Promise.all([newest(signal), describeService().catch(() => null)]);
  return { kind: "nothing", selection, why: { newest: last, service } };
}
