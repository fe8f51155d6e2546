import "./style/tail.css";

import { useEffect, useMemo, useState } from "preact/hooks";

import { type Cell, Refusal, savedFilters } from "./api.js";
import { text } from "./ask.js";
import { Copy } from "./copy.js";
import { cellsAs } from "./delimited.js";
import { useEditing } from "./editing.js";
import { Editor } from "./editor.js";
import { Failure } from "./failure.js";
import { Keyboard } from "./keys.js";
import { canNarrow, narrowed, useLanguage } from "./language.js";
import { readListing, writeListing } from "./listing.js";
import { Masthead } from "./masthead.js";
import { meaningOf } from "./meaning.js";
import { Problems } from "./problems.js";
import type { PageProps } from "./root.js";
import { useService } from "./service.js";
import { pageOf, type Page } from "./paging.js";
import { useAddress } from "./state.js";
import { Value } from "./table.js";
import { Chosen } from "./tail-columns.js";
import { useTheme } from "./theme.js";
import { TimeRange } from "./when.js";

const KEYS: readonly [key: string, what: string][] = [
  ["/", "go to the filter"],
  ["n", "more flows"],
  ["?", "this list"],
];

/** The flows themselves, the newest first, a page after the other. */
export function Single({ language, first }: PageProps) {
  const [theme, toggleTheme] = useTheme();
  const { service, isUp, returns } = useService(first.service);
  const [saved, setSaved] = useState(first.filters);
  useEffect(() => {
    void savedFilters().catch(Refusal.of).then(setSaved);
  }, [returns]);
  const version = useLanguage(language, service, saved);
  const [asked, setAsked] = useState({ filter: readListing(location.hash).filter, round: 0 });
  const [state, change] = useAddress(readListing, writeListing, ({ filter }) => setAsked(({ round }) => ({ filter, round: round + 1 })));
  const editing = useEditing(language, state.filter, (filter) => change({ filter }));
  const diagnostics = useMemo(() => language.diagnostics(state.filter), [version, state.filter]);
  const isValid = useMemo(() => meaningOf(language, state.filter) !== null, [version, state.filter]);
  const all = useMemo(() => language.columns().filter(({ enabled }) => enabled), [version]);

  const [pages, setPages] = useState<Page[]>([]);
  const [failure, setFailure] = useState<Refusal | null>(null);
  const [isBusy, setBusy] = useState(false);
  const load = async (before: Page[], signal: AbortSignal) => {
    setBusy(true);
    try {
      const page = await pageOf({ ...state, filter: asked.filter }, before.at(-1)?.next ?? null, signal);
      if (signal.aborted) return;
      setPages([...before, page]);
      setFailure(null);
    } catch (error) {
      if (!signal.aborted) setFailure(Refusal.of(error));
    }
    if (!signal.aborted) setBusy(false);
  };
  useEffect(() => {
    if (meaningOf(language, asked.filter) === null) return;
    const controller = new AbortController();
    setPages([]);
    void load([], controller.signal);
    return () => controller.abort();
  }, [asked, state.columns.join(), state.from, state.to, returns]);
  const run = (filter = state.filter) => {
    if (meaningOf(language, filter) === null) return;
    change({ filter }, true);
    setAsked(({ round }) => ({ filter, round: round + 1 }));
  };
  const narrow = (column: string, value: string, exclude: boolean) => {
    const filter = narrowed(language, asked.filter, column, value, exclude);
    if (filter !== null) run(filter);
  };
  const last = pages.at(-1);
  const canMore = last?.next != null && !last.isCut && !isBusy;
  const more = () => void (canMore && load(pages, new AbortController().signal));
  const act = (key: string): boolean => {
    if (key === "/") editing.focus();
    else if (key === "n") more();
    else return false;
    return true;
  };
  const count = pages.reduce((sum, page) => sum + page.rows.length, 0);
  return (
    <>
      <Masthead service={service} isUp={isUp} theme={theme} toggleTheme={toggleTheme} filter={state.filter} times={{ from: state.from, to: state.to }} />
      <main class="whole">
        <section class="panel filter" aria-label="Filter">
          <Editor
            text={state.filter}
            language={language}
            version={version}
            theme={theme}
            isCalm
            change={(filter) => change({ filter })}
            submit={() => run()}
            made={editing.made}
          />
          <Problems diagnostics={diagnostics} apply={editing.apply} show={editing.show} />
          <div class="ask">
            <div class="controls" role="group" aria-label="What to show">
              <TimeRange state={state} set={(part) => change(part, true)} />
              <Chosen columns={state.columns} all={all} choose={(columns) => change({ columns }, true)} />
            </div>
            <div class="actions">
              <button type="button" class="primary" disabled={!isValid} onClick={() => run()} title="Ctrl-Enter">
                List
              </button>
            </div>
          </div>
        </section>
        <section class="panel results tail" aria-label="Single flows" aria-busy={isBusy}>
          <header>
            <h2>Single flows</h2>
            <span class="faint" role="status">
              {isBusy ? "asking the store …" : failure === null ? `${count} flows, the newest first` : ""}
            </span>
            <span class="tools">
              <Copy text={() => csv(pages)}>Copy as CSV</Copy>
              <Copy text={() => location.href}>Copy link</Copy>
            </span>
          </header>
          {failure !== null && <Failure refusal={failure} />}
          {count > 0 && last !== undefined && (
            <FlowList pages={pages} columns={state.columns} narrow={narrow} canNarrow={(column, value) => canNarrow(language, column, value)} />
          )}
          {!isBusy && failure === null && count === 0 && (
            <p class="notice">
              No flow of this time matches. <a href={`#v=1&run=1`}>The page of flows</a> says when the newest one came.
            </p>
          )}
          {last?.isCut && <p class="notice">One second has more than 10,000 flows of this filter: narrow it to see the rest.</p>}
          {last?.next != null && !last.isCut && (
            <button type="button" disabled={isBusy} onClick={more} title="n">
              More flows
            </button>
          )}
        </section>
      </main>
      <Keyboard keys={KEYS} act={act} />
    </>
  );
}

/** What a flow's column is called: a number's name comes in a column of its own. */
function FlowList(props: {
  pages: Page[];
  columns: string[];
  narrow: (column: string, value: string, exclude: boolean) => void;
  canNarrow: (column: string, value: string) => boolean;
}) {
  const { pages, columns, narrow, canNarrow } = props;
  const places = pages[0]?.columns ?? [];
  const wanted = columns.map((name) => ({ name, at: places.indexOf(name), label: places.indexOf(`${name}Name`) }));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="List of flows">
      <table class="top flows">
        <caption class="hidden">The flows, the newest first. A click on a value adds it to the filter.</caption>
        <thead>
          <tr>
            {wanted.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pages.flatMap((page, number) =>
            page.rows.map((row, place) => (
              <tr key={`${number}-${place}`}>
                {wanted.map(({ name, at, label }) => (
                  <td key={name}>
                    {name === "TimeReceived" ? (
                      <Clock seconds={Number(row[at])} />
                    ) : (
                      <Value column={name} value={text(row[at] ?? null)} label={named(row, label)} narrow={narrow} canNarrow={canNarrow} />
                    )}
                  </td>
                ))}
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}

const named = (row: Cell[], place: number): string => (place < 0 ? "" : String(row[place] ?? ""));

function Clock({ seconds }: { seconds: number }) {
  const time = new Date(seconds * 1000);
  const shown = time.toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return <time title={time.toISOString()}>{shown}</time>;
}

/** All that is listed. */
function csv(pages: Page[]): string {
  const columns = pages[0]?.columns ?? [];
  const at = columns.indexOf("TimeReceived");
  const rows = pages.flatMap(({ rows }) =>
    rows.map((row) => row.map((cell, place) => (place === at ? new Date(Number(cell) * 1000).toISOString() : text(cell)))),
  );
  return cellsAs([columns, ...rows], "csv");
}
