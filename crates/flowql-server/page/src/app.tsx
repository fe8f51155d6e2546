import type { EditorView } from "@codemirror/view";
import type { Edit, FlowQL } from "@flowql/wasm";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { Refusal, savedFilters, type SavedFilter, type Service } from "./api.js";
import { Controls } from "./controls.js";
import { Editor } from "./editor.js";
import { type Example, Examples } from "./examples.js";
import { Hindrance } from "./failure.js";
import { Keys } from "./keys.js";
import { Masthead } from "./masthead.js";
import { meaningOf, MeaningPanel } from "./meaning.js";
import { usePlan } from "./plan.js";
import { Problems } from "./problems.js";
import { Results } from "./results.js";
import { SavedFilters } from "./saved.js";
import { hasTables, useService } from "./service.js";
import { type State, usePageState } from "./state.js";
import { useTheme } from "./theme.js";

/** Gives the compiler the service's configuration and the saved filters; one's own come first and win. */
function configure(language: FlowQL, service: Service | null, filters: SavedFilter[]): void {
  const named = filters.flatMap(({ name, content }): [string, string][] => (name === null ? [] : [[name, content]]));
  language.configure({ ...service?.configuration, filters: Object.fromEntries(named.reverse()) });
}

/** Whether a value is a prefix that addresses were cut to. */
const isPrefix = (value: string): boolean => /^[\da-f.:]+\/\d+$/i.test(value);

/** The filter, and that an address lies in a prefix, or with `exclude` that it does not. */
function within(filter: string, column: string, prefix: string, exclude: boolean): string {
  const condition = `${column} ${exclude ? "!<<" : "<<"} ${prefix}`;
  if (filter.trim() === "") return condition;
  // A comment at the end goes up to the end of its line.
  return `${/\bor\b|--|\|\|/i.test(filter) ? `(${filter}\n)` : filter} AND ${condition}`;
}

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
  const version = useRef(0);
  // The language is the same object before and after: what is made of it depends on the version.
  useMemo(() => {
    configure(language, service, filters);
    version.current++;
  }, [language, service, saved]);
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

  const columns = useMemo(() => language.columns(), [version.current]);
  const diagnostics = useMemo(() => language.diagnostics(state.filter), [version.current, state.filter]);
  const meaning = useMemo(() => meaningOf(language, state.filter), [version.current, state.filter]);
  const isValid = meaning !== null;
  const planned = usePlan(state, isUp && isValid && hasTables(service));
  const view = useRef<EditorView | null>(null);

  /** Runs a filter, with further changes if there are any. */
  const run = async (part: Partial<State> = {}) => {
    const filter = part.filter ?? state.filter;
    if (meaningOf(language, filter) === null) return;
    change({ ...part, run: true }, true);
    // A store may have been filled since.
    if (isUp && !hasTables(service)) await connection.refresh();
    askFor(filter);
  };
  const apply = (edits: Edit[]) => {
    view.current?.dispatch({ changes: edits.map(({ start, end, text }) => ({ from: start, to: end, insert: text })) });
    view.current?.focus();
  };
  const show = (start: number, end: number) => {
    view.current?.dispatch({ selection: { anchor: start, head: end }, scrollIntoView: true });
    view.current?.focus();
  };
  const format = () => {
    const { text } = language.format(state.filter);
    if (text !== null) change({ filter: text });
  };
  const narrow = (column: string, value: string, exclude: boolean) => {
    // What was clicked belongs to the filter that was run.
    const before = asked?.filter ?? state.filter;
    const filter = isPrefix(value) ? within(before, column, value, exclude) : language.narrow(before, column, value, exclude);
    if (filter !== null) void run({ filter });
  };
  const refer = (name: string) => {
    // A filter with errors is left to its author: the name comes on a line of its own.
    const filter = language.withSaved(state.filter, name) ?? `${state.filter.trimEnd()}\nAND @${name}`;
    change({ filter });
    view.current?.focus();
  };
  const clear = () => {
    change({ filter: "", run: false }, true);
    setAsked(null);
    view.current?.focus();
  };
  const setTime = (from: number, to: number) =>
    change({ from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() }, true);
  const canNarrow = (column: string, value: string) => isPrefix(value) || language.narrow("", column, value) !== null;

  return (
    <>
      <Masthead service={service} isUp={isUp} theme={theme} toggleTheme={toggleTheme} />
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
              version={version.current}
              theme={theme}
              change={(filter) => change({ filter })}
              submit={() => void run()}
              made={(made) => (view.current = made)}
            />
            <Problems diagnostics={diagnostics} apply={apply} show={show} />
            <div class="ask">
              <Controls state={state} change={change} columns={columns} />
              <div class="actions">
                <button type="button" disabled={!isValid || state.filter === ""} onClick={format} title="Shift-Alt-F">
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
              canNarrow={canNarrow}
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
      <Keys state={state} change={change} edit={() => view.current?.focus()} />
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
