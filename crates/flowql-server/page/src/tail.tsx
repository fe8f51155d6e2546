import "./style/tail.css";

import { useEffect, useMemo, useState } from "preact/hooks";

import { Refusal, savedFilters } from "./api.js";
import { Copy } from "./copy.js";
import { useEditing } from "./editing.js";
import { Editor } from "./editor.js";
import { Keyboard } from "./keys.js";
import { canNarrow, narrowed, useLanguage } from "./language.js";
import { Masthead } from "./masthead.js";
import { meaningOf } from "./meaning.js";
import { Problems } from "./problems.js";
import type { PageProps } from "./root.js";
import { Seen } from "./seen.js";
import { useService } from "./service.js";
import { useAddress } from "./state.js";
import { Chosen } from "./tail-columns.js";
import { Hindered } from "./tail-failure.js";
import { FlowTable } from "./tail-table.js";
import { RATES, readTail, type Tailing, writeTail } from "./tailing.js";
import { Tally } from "./tally.js";
import { useTheme } from "./theme.js";
import { type Phase, useWatch } from "./watch.js";

const KEYS: readonly [key: string, what: string][] = [
  ["/", "go to the filter"],
  ["p", "pause or continue"],
  ["x", "clear the list"],
  ["?", "this list"],
];

/** The flows that a filter selects, as they are written. */
export function Tail({ language, first }: PageProps) {
  const [theme, toggleTheme] = useTheme();
  const { service, isUp, returns } = useService(first.service);
  const [saved, setSaved] = useState(first.filters);
  // Filters may have been saved since the page was opened.
  useEffect(() => {
    void savedFilters().catch(Refusal.of).then(setSaved);
  }, [returns]);
  const version = useLanguage(language, service, saved);

  /** What is watched of a filter, which is not the one that is typed now; nothing of one with errors. */
  const begun = (filter: string) => (meaningOf(language, filter) === null ? null : { filter, seen: new Seen() });
  const [asked, setAsked] = useState(() => begun(readTail(location.hash).filter));
  const [state, change] = useAddress(readTail, writeTail, ({ filter }) => {
    if (filter !== asked?.filter) setAsked(begun(filter));
  });
  const editing = useEditing(language, state.filter, (filter) => change({ filter }));
  const diagnostics = useMemo(() => language.diagnostics(state.filter), [version, state.filter]);
  const isValid = useMemo(() => meaningOf(language, state.filter) !== null, [version, state.filter]);
  const all = useMemo(() => language.columns().filter(({ enabled }) => enabled), [version]);
  const columns = useMemo(() => canonical(state.columns, all), [state.columns, all]);

  const [isPaused, setPaused] = useState(false);
  const [isPointed, setPointed] = useState(false);
  const [unasked] = useState(() => new Seen());
  const seen = asked?.seen ?? unasked;
  const phase = useWatch(asked && { filter: asked.filter, columns, rate: state.rate }, seen, isPaused || isPointed);

  const run = (filter = state.filter) => {
    const next = begun(filter);
    if (next === null) return;
    change({ filter }, true);
    // What was pointed at is gone.
    setPointed(false);
    setAsked(next);
  };
  const narrow = (column: string, value: string, exclude: boolean) => {
    const filter = narrowed(language, asked?.filter ?? "", column, value, exclude);
    if (filter !== null) run(filter);
  };
  const clear = () => {
    seen.clear();
    setPointed(false);
  };
  const act = (key: string): boolean => {
    if (key === "/") editing.focus();
    else if (key === "p") setPaused(!isPaused);
    else if (key === "x") clear();
    else return false;
    return true;
  };
  const set = (part: Partial<Tailing>) => change(part, true);

  return (
    <>
      <Masthead service={service} isUp={isUp} theme={theme} toggleTheme={toggleTheme} filter={state.filter} />
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
              <Chosen columns={columns} all={all} choose={(columns) => set({ columns })} />
              <label>
                <span>At most, a second</span>
                <select value={String(state.rate)} onChange={(event) => set({ rate: Number(event.currentTarget.value) })}>
                  {[...new Set([...RATES, state.rate])]
                    .sort((a, b) => a - b)
                    .map((rate) => (
                      <option key={rate} value={String(rate)}>
                        {rate} flows
                      </option>
                    ))}
                </select>
              </label>
            </div>
            <div class="actions">
              <button type="button" disabled={!isValid || state.filter === ""} onClick={editing.format} title="Shift-Alt-F">
                Format
              </button>
              <button type="button" class="primary" disabled={!isValid} onClick={() => run()} title="Ctrl-Enter">
                Watch
              </button>
            </div>
          </div>
        </section>
        <section class="panel results tail" aria-label="Flows as they come" aria-busy={asked !== null && phase.kind === "asking"}>
          <header>
            <h2>Flows as they come</h2>
            <span class="faint" role="status">
              {asked === null ? "" : status(phase, { isPaused, isPointed, isOld: asked.filter !== state.filter })}
            </span>
            <span class="tools">
              {seen.waiting > 0 && (isPaused || isPointed) && <span class="faint">{seen.waiting} wait</span>}
              <button type="button" class={isPaused ? "small live paused" : "small live"} onClick={() => setPaused(!isPaused)} title="p">
                {isPaused ? "Continue" : "Pause"}
              </button>
              <button type="button" class="small" onClick={clear} title="x">
                Clear the list
              </button>
              <Copy text={() => location.href}>Copy link</Copy>
            </span>
          </header>
          {asked === null ? (
            <p class="faint">The filter has errors. Without them it can be watched.</p>
          ) : (
            <>
              <Hindered phase={phase} columns={columns} choose={(columns) => set({ columns })} />
              <Tally seen={seen} rate={state.rate} />
              <FlowTable
                rows={seen.rows}
                columns={columns}
                all={all}
                isWatching={phase.kind === "watching"}
                point={setPointed}
                narrow={narrow}
                canNarrow={(column, value) => canNarrow(language, column, value)}
              />
            </>
          )}
        </section>
      </main>
      <Keyboard keys={KEYS} act={act} />
    </>
  );
}

/** The names of columns as the schema writes them; a name that it lacks is left for the collector to refuse. */
function canonical(names: string[], all: { name: string }[]): string[] {
  const known = new Map(all.map(({ name }) => [name.toLowerCase(), name]));
  return [...new Set(names.map((name) => known.get(name.toLowerCase()) ?? name))];
}

function status(phase: Phase, { isPaused, isPointed, isOld }: { isPaused: boolean; isPointed: boolean; isOld: boolean }): string {
  if (phase.kind === "asking") return "asking the collector …";
  if (phase.kind !== "watching") return "";
  if (isOld) return "of the filter before you changed it: watch it again";
  if (isPaused) return "paused";
  return isPointed ? "held while you point at it" : "watching";
}
