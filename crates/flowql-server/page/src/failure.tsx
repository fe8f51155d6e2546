import type { ComponentChildren } from "preact";

import type { CollectorState, Refusal, Service } from "./api.js";
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
  sees_nothing: "Who runs the service adds an entry for you to `[console]` of flowql.toml.",
  hidden: "Who runs the service can show it to you: an entry of `[console]` without a filter sees everything.",
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

/** What is known when nothing is shown. */
export interface Why {
  /** The time of the newest flow of the store, in seconds since 1970; `null` where it has none that the user may see. */
  newest: number | null;
  /** What the service says of itself now; `null` where it does not answer. */
  service: Service | null;
}

/** That no flow matches: because of the filter, because of the time, or because none arrives. */
export function Nothing(props: {
  question: Question;
  why: Why;
  table: string;
  setTime: (from: number, to: number) => void;
}) {
  const { question, why, table, setTime } = props;
  const { newest, service } = why;
  if (newest === null) return <Empty service={service} />;
  const { from, to } = timeRange(question, Date.now());
  const show = (label: string) => (
    <button type="button" class="small" onClick={() => setTime(newest + 1 - (to - from), newest + 1)}>
      {label}
    </button>
  );
  if (newest < from) {
    return (
      <Notice title="No flow of this time is in the store">
        The newest one is of {when(newest)}. {show("Show the time before it")} <Arrivals collector={service?.collector ?? null} />
      </Notice>
    );
  }
  if (newest > Date.now() / 1000 + 600) {
    return (
      <Notice title="The flows are of the future">
        The newest one is of {when(newest)}: the clock of an exporter or of this machine is wrong. {show("Show that time")}{" "}
        <a href="#exporters">The clocks of the exporters</a>.
      </Notice>
    );
  }
  return (
    <Notice title="No flow matches">
      <code>{table}</code> has flows, but in this time none that the filter selects. Take a condition away, or a longer time;{" "}
      what each condition asks is said above. The newest flow of all is of {when(newest)}.
    </Notice>
  );
}

/** Why a store has no flow at all, by how it is with the collector. */
export function Empty({ service }: { service: Service | null }) {
  const collector = service?.collector ?? null;
  if (service?.user.sees === "part") {
    return <Notice title="No flow that you may see is in the store">You see a part of the flows, and none of it has come yet.</Notice>;
  }
  if (collector === null) {
    return (
      <Notice title="The store is empty">
        No collector is part of this service. Where <code>flowql collect</code> runs, <code>flowql exporters</code> says who sends to it
        and what is wrong; it must write to the database that this service reads. {FILL}
      </Notice>
    );
  }
  if (collector.exporters === 0) {
    return (
      <Notice title="The collector runs, and nobody sends to it">
        Let your routers send NetFlow, IPFIX or sFlow to its addresses, and open its ports in the firewalls between. {FILL}
        <Arrivals collector={collector} />
      </Notice>
    );
  }
  if (collector.flows === 0) {
    return (
      <Notice title={`${collector.exporters} exporters send, but no flow could be read yet`}>
        NetFlow v9 and IPFIX are read from the first template on, which may take minutes. <Arrivals collector={collector} />
      </Notice>
    );
  }
  if (collector.reasons.length > 0) {
    return (
      <Notice title="Flows arrive, and are not written to the database">
        <Arrivals collector={collector} />
      </Notice>
    );
  }
  return (
    <Notice title="Flows arrive, none is in the store yet">
      {collector.flows !== null && `${collector.flows.toLocaleString("en")} flows were received. `}
      They are written within seconds, and shown by themselves. <Arrivals collector={collector} />
    </Notice>
  );
}

/** Why flows do not arrive or are not written, as far as the collector knows, and where to see more. */
function Arrivals({ collector }: { collector: CollectorState | null }) {
  if (collector === null) {
    return (
      <>
        Do flows arrive? <a href="#exporters">Who sends them, and what is wrong</a>.
      </>
    );
  }
  return (
    <>
      {collector.reasons.map((reason) => (
        <span key={reason} class="line">
          {capital(reason)}.
        </span>
      ))}
      {collector.problems.map(({ exporter, message, advice }) => (
        <span key={`${exporter}${message}`} class="line">
          {exporter !== undefined && <strong>{exporter}: </strong>}
          {message} <span class="faint">{advice}</span>
        </span>
      ))}
      <a href="#exporters">Who sends, and what is wrong</a>.
    </>
  );
}

/** What keeps the service from running filters, before one is run; nothing where it can. */
export function Hindrance({ service }: { service: Service | null }) {
  if (service === null) return null;
  if (!hasFlows(service)) return <Notice title="This service has no backend that knows flows">{SERVE}</Notice>;
  if (service.incomplete !== undefined) {
    return <Notice title="The store does not answer">{capital(service.incomplete)}. Filters are checked and compiled all the same.</Notice>;
  }
  if (!hasTables(service)) return <Empty service={service} />;
  return null;
}
