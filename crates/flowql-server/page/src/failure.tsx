import type { ComponentChildren } from "preact";

import type { Refusal, Service } from "./api.js";
import type { Question } from "./ask.js";
import { hasFlows, hasTables } from "./service.js";
import { timeRange } from "./times.js";

const FILL = (
  <>
    <code>flowql demo-data</code> fills it with flows to try filters on; a collector fills it with your own.
  </>
);

const SERVE = (
  <>
    Start it with one: <code>flowql serve --backend embedded</code>, or with the ClickHouse of your flows in{" "}
    <code>flowql.toml</code>. Until then filters are checked, explained and compiled here, but not run.
  </>
);

const SHORTER = "Take a shorter time, or a filter that an aggregated table can serve; then run it again.";

const AGAIN = "Wait a moment and run it again.";

/** What to do, by the code of the refusal. */
const ADVICE: Record<string, ComponentChildren> = {
  no_flows: SERVE,
  no_table: FILL,
  backend_slow: SHORTER,
  too_slow: SHORTER,
  backend_unreachable: "Is the database running? Run it again when it is.",
  overloaded: AGAIN,
  too_fast: AGAIN,
  broken_off: "Run it again.",
  bad_filter: "The errors are listed below the filter.",
  unreachable: "The filter is in the address of this page and is not lost. It runs again as soon as the service is back.",
};

const TITLES: Record<string, string> = {
  backend_slow: "The query took too long",
  too_slow: "The query took too long",
  unreachable: "The service does not answer",
};

/** Something that a visitor should know before all else. */
export function Notice({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="notice" role="alert">
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}

/** A sentence from what does not begin as one. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Why there is no answer, and what to do. */
export function Failure({ refusal: { code, message } }: { refusal: Refusal }) {
  const title = TITLES[code];
  return (
    <Notice title={title ?? capital(message)}>
      {title !== undefined && code !== "unreachable" && `${capital(message)}. `}
      {ADVICE[code] ?? "The log of the service says more."}
    </Notice>
  );
}

const when = (time: number): string =>
  new Date(time * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

/** Where to see whether flows arrive. */
const WHO = (
  <>
    {" "}
    Do flows arrive? <a href="#exporters">Who sends them, and what is wrong</a>.
  </>
);

/** That no flow matches: because of the filter, because of the time, or because there are none at all. */
export function Nothing(props: {
  question: Question;
  newest: number | null;
  table: string;
  setTime: (from: number, to: number) => void;
}) {
  const { question, newest, table, setTime } = props;
  if (newest === null) {
    return (
      <Notice title="The store is empty">
        {FILL}
        {WHO}
      </Notice>
    );
  }
  const { from, to } = timeRange(question, Date.now());
  if (newest < from) {
    return (
      <Notice title="No flow of this time is in the store">
        The newest one is of {when(newest)}.{" "}
        <button type="button" class="small" onClick={() => setTime(newest + 1 - (to - from), newest + 1)}>
          Show the time before it
        </button>
        {WHO}
      </Notice>
    );
  }
  return (
    <Notice title="No flow matches">
      <code>{table}</code> has flows, but in this time none that the filter selects. Take a condition away, or a longer time;{" "}
      what each condition asks stands above.
    </Notice>
  );
}

/** What keeps the service from running filters, before one is run; nothing where it can. */
export function Hindrance({ service }: { service: Service | null }) {
  if (service === null) return null;
  if (!hasFlows(service)) return <Notice title="This service has no backend that knows flows">{SERVE}</Notice>;
  if (service.incomplete !== undefined) {
    return <Notice title="The store does not answer">{capital(service.incomplete)}. Filters are checked and compiled all the same.</Notice>;
  }
  if (!hasTables(service)) return <Notice title="The store is empty">{FILL}</Notice>;
  return null;
}
