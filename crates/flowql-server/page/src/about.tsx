import "./style/dashboards.css";

import { useEffect, useMemo, useState } from "preact/hooks";

import { kindOf, panelsOf, readThing, writeThing } from "./things.js";
import { type Cell, query } from "./api.js";
import { shown, text } from "./ask.js";
import { Turns } from "./boards.js";
import { Copy } from "./copy.js";
import { Hindrance } from "./failure.js";
import { canNarrow, narrowed, useLanguage } from "./language.js";
import { Masthead } from "./masthead.js";
import { PanelView } from "./panel.js";
import type { PageProps } from "./root.js";
import { hasTables, useService } from "./service.js";
import { listingOf } from "./listing.js";
import { INITIAL, tailOf, useAddress, write } from "./state.js";
import { useTheme } from "./theme.js";
import { between, timeRange } from "./times.js";
import { TimeRange } from "./when.js";

/** What the names are that go with a thing: columns that one would ask for. */
const NAMES: Record<string, string[]> = {
  Address: ["NetName", "NetRole", "NetSite", "NetTenant", "AS", "Country", "NetPrefix"],
  Interface: ["IfDescription", "IfSpeed", "IfConnectivity", "IfProvider", "IfBoundary"],
  AS: ["Country"],
  Exporter: ["ExporterGroup", "ExporterRole", "ExporterSite", "ExporterRegion", "ExporterTenant"],
};

/** A page of one thing: an address, an AS, an interface and so on. */
export function About({ language, first }: PageProps) {
  const [theme, toggleTheme] = useTheme();
  const { service, isUp } = useService(first.service);
  useLanguage(language, service, first.filters);
  const [state, change] = useAddress(readThing, writeThing, () => undefined);
  const [round, setRound] = useState(0);
  const turns = useMemo(() => new Turns(4), []);
  const { conditions } = state;
  const filter = conditions.reduce<string | null>(
    (filter, [column, value]) => (filter === null ? null : narrowed(language, filter, column, value, false)),
    "",
  );
  const [column, value] = conditions[0] ?? ["", ""];
  const kind = kindOf(column);
  useEffect(() => {
    if (state.to !== "now") return;
    const timer = setInterval(() => document.visibilityState !== "hidden" && setRound((round) => round + 1), 30_000);
    return () => clearInterval(timer);
  }, [state.to]);
  const isKnown = kind !== null && filter !== null && filter !== "";
  const question = { ...INITIAL, filter: filter ?? "", from: state.from, to: state.to };
  return (
    <>
      <Masthead service={service} isUp={isUp} theme={theme} toggleTheme={toggleTheme} filter={filter ?? ""} times={{ from: state.from, to: state.to }} />
      <main class="whole">
        {!hasTables(service) && <Hindrance service={service} />}
        {!isKnown ? (
          <p class="notice" role="alert">
            The address names no thing that has a page. <a href="#">The page of flows</a>
          </p>
        ) : (
          <>
            <section class="panel board" aria-label={kind}>
              <header>
                <h2>
                  {kind === "AS" ? "" : `${kind} `}
                  {shown(column, value)}
                </h2>
                <Known kind={kind} column={column} filter={filter} times={state} />
                <span class="tools">
                  <a href={write({ ...question, run: true })}>Explore</a>
                  <a href={listingOf(filter, state)}>Single flows</a>
                  <a href={tailOf(filter)}>Tail</a>
                  <Copy text={() => location.href}>Copy link</Copy>
                </span>
              </header>
              <p>
                <code>{filter}</code>
              </p>
              <div class="controls" role="group" aria-label="What to show">
                <TimeRange state={state} set={(part) => change(part, true)} />
              </div>
            </section>
            {hasTables(service) && (
              <div class="grid">
                {panelsOf(column).map((panel, place) => (
                  <PanelView
                    key={`${filter}${place}`}
                    panel={panel}
                    around={{
                      filters: [filter],
                      times: state,
                      round,
                      turns,
                      theme,
                      // A click leads on to the flows of both.
                      narrow: (name, chosen, exclude) => {
                        const next = narrowed(language, filter, name, chosen, exclude);
                        if (next !== null) location.hash = write({ ...question, filter: next, run: true });
                      },
                      canNarrow: (name, chosen) => canNarrow(language, name, chosen),
                      zoom: (from, to) => change(between(from, to), true),
                      isWall: false,
                    }}
                  />
                ))}
              </div>
            )}
          </>
        )}
      </main>
    </>
  );
}

/** The names of a thing, as its newest flow has them. */
function Known(props: { kind: string; column: string; filter: string; times: { from: string; to: string } }) {
  const { kind, column, filter, times } = props;
  const [names, setNames] = useState<[string, string][]>([]);
  useEffect(() => {
    const side = /^(Src|Dst|In|Out)/.exec(column)?.[1] ?? "";
    const columns = (NAMES[kind] ?? []).map((name) => side + name);
    const controller = new AbortController();
    const range = timeRange(times, Date.now());
    const asked = { filter, kind: "flows" as const, columns: [column, ...columns], unit: "flows" as const, limit: 1, ...range };
    query(asked, controller.signal).then(
      ({ columns: found, rows: [row] }) => {
        const cells: [string, Cell][] = found.map(({ name }, place) => [name, row?.[place] ?? null]);
        const said = cells.map(([name, cell]): [string, string] => [name, text(cell)]);
        setNames(said.filter(([name, value]) => name !== column && value !== "" && value !== "0" && value !== "undefined"));
      },
      () => setNames([]),
    );
    return () => controller.abort();
  }, [filter, times.from, times.to]);
  return (
    <span class="faint">
      {names.map(([name, value]) => (name.endsWith("Name") ? value : `${name.replace(/^(Src|Dst|In|Out|Exporter)(?=[A-Z])/, "")} ${value}`)).join(" · ")}
    </span>
  );
}
