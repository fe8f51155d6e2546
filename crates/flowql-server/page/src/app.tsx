import type { FlowQL } from "@flowql/wasm";
import { useEffect, useMemo, useState } from "preact/hooks";

import { Refusal, savedFilters, type SavedFilter, type Service } from "./api.js";
import { Controls } from "./controls.js";
import { useEditing } from "./editing.js";
import { Editor } from "./editor.js";
import { type Example, Examples } from "./examples.js";
import { Hindrance } from "./failure.js";
import { Keys } from "./keys.js";
import { canNarrow, narrowed, useLanguage } from "./language.js";
import { Masthead } from "./masthead.js";
import { meaningOf, MeaningPanel } from "./meaning.js";
import { usePlan } from "./plan.js";
import { Problems } from "./problems.js";
import { Results } from "./results.js";
import { SavedFilters } from "./saved.js";
import { hasTables, useService } from "./service.js";
import { type State, usePageState } from "./state.js";
import { useTheme } from "./theme.js";

/** What the service said when the page was opened. */
export interface First {
  service: Service | Refusal;
  filters: SavedFilter[] | Refusal;
}

/** The page. */
export function App({ language, first }: { language: FlowQL; first: First }) {
  const [theme, toggleTheme] = useTheme();
  const connection = useService(first.service);
  const { service, isUp, returns } = connection;
  const [saved, setSaved] = useState(first.filters);
  const filters = saved instanceof Refusal ? [] : saved;
  const version = useLanguage(language, service, saved);
  const refresh = async () => setSaved(await savedFilters().catch(Refusal.of));
  useEffect(() => {
    if (returns > 0) void refresh();
  }, [returns]);

  /** The filter that was run, which is not the one that is typed now. */
  const [asked, setAsked] = useState<{ filter: string; round: number } | null>(null);
  const askFor = (filter: string) => setAsked((before) => ({ filter, round: (before?.round ?? 0) + 1 }));
  const [state, change] = usePageState((state) => (state.run ? askFor(state.filter) : setAsked(null)));
  useEffect(() => {
    if (state.run) askFor(state.filter);
  }, []);

  const columns = useMemo(() => language.columns(), [version]);
  const diagnostics = useMemo(() => language.diagnostics(state.filter), [version, state.filter]);
  const meaning = useMemo(() => meaningOf(language, state.filter), [version, state.filter]);
  const isValid = meaning !== null;
  const planned = usePlan(state, isUp && isValid && hasTables(service));
  const editing = useEditing(language, state.filter, (filter) => change({ filter }));

  /** Runs a filter, with further changes if there are any. */
  const run = async (part: Partial<State> = {}) => {
    const filter = part.filter ?? state.filter;
    if (meaningOf(language, filter) === null) return;
    change({ ...part, run: true }, true);
    // A store may have been filled since.
    if (isUp && !hasTables(service)) await connection.refresh();
    askFor(filter);
  };
  const narrow = (column: string, value: string, exclude: boolean) => {
    // What was clicked belongs to the filter that was run.
    const before = asked?.filter ?? state.filter;
    const filter = narrowed(language, before, column, value, exclude);
    if (filter !== null) void run({ filter });
  };
  const refer = (name: string) => {
    // A filter with errors is left to its author: the name comes on a line of its own.
    const filter = language.withSaved(state.filter, name) ?? `${state.filter.trimEnd()}\nAND @${name}`;
    change({ filter });
    editing.focus();
  };
  const clear = () => {
    change({ filter: "", run: false }, true);
    setAsked(null);
    editing.focus();
  };
  const setTime = (from: number, to: number) =>
    change({ from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() }, true);

  return (
    <>
      <Masthead service={service} isUp={isUp} theme={theme} toggleTheme={toggleTheme} filter={state.filter} times={{ from: state.from, to: state.to }} />
      <main>
        {!isUp && (
          <p class="notice outage" role="alert">
            <strong>The service does not answer.</strong> What you type is still checked, explained and compiled: that happens
            in this page. It goes on by itself as soon as the service is back.
          </p>
        )}
        <div class="middle">
          <section class="panel filter" aria-label="Filter">
            <Editor
              text={state.filter}
              language={language}
              version={version}
              theme={theme}
              change={(filter) => change({ filter })}
              submit={() => void run()}
              made={editing.made}
            />
            <Problems diagnostics={diagnostics} apply={editing.apply} show={editing.show} />
            <div class="ask">
              <Controls state={state} change={change} columns={columns} />
              <div class="actions">
                <button type="button" disabled={!isValid || state.filter === ""} onClick={editing.format} title="Shift-Alt-F">
                  Format
                </button>
                <button type="button" disabled={state.filter === "" && asked === null} onClick={clear}>
                  Clear
                </button>
                <button type="button" class="primary" disabled={!isValid} onClick={() => void run()} title="Ctrl-Enter">
                  Run
                </button>
              </div>
            </div>
          </section>
          <MeaningPanel meaning={meaning} planned={planned} />
          {asked === null || !hasTables(service) ? (
            <>
              <Hindrance service={service} />
              {asked === null && <Examples language={language} choose={({ filter, by }: Example) => void run({ filter, by })} />}
            </>
          ) : (
            <Results
              question={{ ...state, filter: asked.filter }}
              type={state.type}
              round={asked.round}
              returns={returns}
              isOld={asked.filter !== state.filter}
              theme={theme}
              narrow={narrow}
              canNarrow={(column, value) => canNarrow(language, column, value)}
              setTime={setTime}
            />
          )}
        </div>
        <aside class="side">
          <SavedFilters
            language={language}
            filters={filters}
            problem={saved instanceof Refusal ? saved.message : null}
            content={state.filter}
            isValid={isValid}
            load={(filter) => change({ filter: filter.content })}
            refer={refer}
            changed={refresh}
          />
          <section class="panel keys" aria-label="How to">
            <h2>How to</h2>
            <dl>
              <Key keys="Ctrl Enter">run</Key>
              <Key keys="Ctrl Space">complete</Key>
              <Key keys="Shift Alt F">format</Key>
              <Key keys="?">all keys</Key>
            </dl>
            <p class="faint">A click on a value adds it to the filter. Drag over the chart to look closer. “Back” undoes either.</p>
          </section>
        </aside>
      </main>
      <Keys state={state} change={change} edit={editing.focus} />
    </>
  );
}

function Key({ keys, children }: { keys: string; children: string }) {
  return (
    <div>
      <dt>
        {keys.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
