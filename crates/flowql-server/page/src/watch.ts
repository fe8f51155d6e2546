import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import { type Cell, Refusal, tail } from "./api.js";
import { EventReader } from "./events.js";
import { type Counts, Seen } from "./seen.js";
import { delay, isPassing, type Tailing } from "./tailing.js";

/** How it is with the watching. */
export type Phase =
  | { kind: "asking" }
  | { kind: "watching" }
  /** The collector was not there, or has ended; it is asked again. */
  | { kind: "away"; refusal: Refusal }
  /** It will say the same until the question is another one. */
  | { kind: "refused"; refusal: Refusal };

/** The collector counts every second: who says nothing for so long, in milliseconds, is away. */
const SILENCE = 10_000;

/** How often what has come is shown, in milliseconds. */
const PERIOD = 250;

/** Reads what the collector says until it ends. Throws a `Refusal` where it cannot be asked or breaks off. */
async function watch(question: Tailing, seen: Seen, began: () => void, signal: AbortSignal): Promise<void> {
  const { filter, columns, rate } = question;
  const own = new AbortController();
  const leave = () => own.abort();
  signal.addEventListener("abort", leave);
  let timer = setTimeout(leave, SILENCE);
  try {
    const parameters = new URLSearchParams({ filter, columns: columns.join(), rate: String(rate) });
    const body = await tail(parameters, own.signal);
    seen.begin(columns, Date.now());
    began();
    const [events, decoder] = [new EventReader(), new TextDecoder()];
    const reader = body.getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(leave, SILENCE);
      for (const { name, data } of events.push(decoder.decode(step.value, { stream: true }))) {
        if (name === "counts") seen.count(JSON.parse(data) as Counts);
        else if (name === "message") seen.flow(JSON.parse(data) as Record<string, Cell>);
      }
    }
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("the connection to the collector broke off", "broken_off");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
    own.abort();
  }
}

/** Watches, and begins again after each outage, until it is stopped or refused. */
async function keepWatching(question: Tailing, seen: Seen, say: (phase: Phase) => void, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    const began = () => {
      failures = 0;
      say({ kind: "watching" });
    };
    const refusal = await watch(question, seen, began, signal).then(() => new Refusal("the collector has ended", "ended"), Refusal.of);
    if (signal.aborted) return;
    seen.end(Date.now());
    if (!isPassing(refusal.code)) return say({ kind: "refused", refusal });
    say({ kind: "away", refusal });
    await pause(delay(failures), signal);
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });

/**
 * Watches what a question asks while there is one, into `seen`. What comes is listed a few times a second, unless it is
 * held. A page that nobody sees watches nothing: collectors and browsers allow few connections.
 */
export function useWatch(question: Tailing | null, seen: Seen, isHeld: boolean): Phase {
  const [phase, setPhase] = useState<Phase>({ kind: "asking" });
  const [, setTick] = useState(0);
  const isVisible = useVisible();
  useEffect(() => {
    if (question === null || !isVisible) return;
    const controller = new AbortController();
    setPhase({ kind: "asking" });
    void keepWatching(question, seen, setPhase, controller.signal);
    return () => {
      controller.abort();
      if (document.visibilityState === "hidden") seen.end(Date.now());
    };
  }, [question === null ? "" : JSON.stringify(question), seen, isVisible]);
  // At once: what is held after painting might still change once.
  useLayoutEffect(() => {
    const show = () => {
      if (!isHeld) seen.release();
      setTick((tick) => tick + 1);
    };
    show();
    const timer = setInterval(show, PERIOD);
    return () => clearInterval(timer);
  }, [seen, isHeld]);
  return phase;
}

function useVisible(): boolean {
  const [isVisible, setVisible] = useState(document.visibilityState !== "hidden");
  useEffect(() => {
    const follow = () => setVisible(document.visibilityState !== "hidden");
    document.addEventListener("visibilitychange", follow);
    return () => document.removeEventListener("visibilitychange", follow);
  }, []);
  return isVisible;
}
