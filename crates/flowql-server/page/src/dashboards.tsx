import "./style/dashboards.css";

import type { FlowQL } from "@flowql/wasm";
import { useEffect, useMemo, useState } from "preact/hooks";

import { query, Refusal, savedFilters, type Service } from "./api.js";
import { text } from "./ask.js";
import { boardOf, type Dashboard, deleteBoard, HOME, type Listed, listBoards, putBoard, readShown, type Shown, Turns, writeShown } from "./boards.js";
import { Copy } from "./copy.js";
import { Failure, Hindrance } from "./failure.js";
import { Keyboard } from "./keys.js";
import { canNarrow, narrowed, useLanguage } from "./language.js";
import { Masthead } from "./masthead.js";
import { hrefOf } from "./links.js";
import { meaningOf } from "./meaning.js";
import { PanelView, type Surroundings } from "./panel.js";
import type { PageProps } from "./root.js";
import { hasTables, useService } from "./service.js";
import { useAddress } from "./state.js";
import { useTheme } from "./theme.js";
import { between, scaled, shifted, timeRange } from "./times.js";
import { TimeRange } from "./when.js";

/** How often a dashboard of the present is asked again, in milliseconds. */
const PERIOD = 30_000;

/** Ten panels ask at most so many questions at once. */
const AT_ONCE = 4;

const KEYS: readonly [key: string, what: string][] = [
  ["[", "earlier"],
  ["]", "later"],
  ["-", "zoom out"],
  ["+", "zoom in"],
  ["w", "hide the controls, or show them"],
  ["?", "this list"],
];

const SOURCES: Record<Listed["source"], string> = { own: "yours", folder: "a file of the folder", shipped: "comes with the service" };

/** The dashboard that an address names: the user's own first, then that of the folder. */
function chosen(boards: Listed[], shown: Shown): Extract<Listed, { kind: "dashboard" }> | null {
  const { name, source } = shown;
  for (const board of boards) {
    if (board.kind === "dashboard" && board.name === name && (source === "" || board.source === source)) return board;
  }
  // Who has made none of their own starts with the overview.
  return name === HOME ? chosen(boards, { ...shown, name: "overview" }) : null;
}

/** The dashboards and views, or the one that the address names. */
export function Dashboards({ language, first }: PageProps) {
  const [theme, toggleTheme] = useTheme();
  const { service, isUp, returns } = useService(first.service);
  const [saved, setSaved] = useState(first.filters);
  const [found, setFound] = useState<{ boards: Listed[]; incomplete?: string } | Refusal | null>(null);
  const refresh = async () => setFound(await listBoards().catch(Refusal.of));
  useEffect(() => {
    void refresh();
    if (returns > 0) void savedFilters().catch(Refusal.of).then(setSaved);
  }, [returns]);
  const version = useLanguage(language, service, saved);
  const [state, change] = useAddress(readShown, writeShown, () => undefined);
  const listed = found instanceof Refusal || found === null ? [] : found.boards;
  const board = state.name === "" ? null : chosen(listed, state);
  const hasHeader = !state.wall;
  useEffect(() => {
    document.documentElement.classList.toggle("wall", state.wall);
    return () => document.documentElement.classList.remove("wall");
  }, [state.wall]);
  return (
    <>
      {hasHeader && <Masthead service={service} isUp={isUp} theme={theme} toggleTheme={toggleTheme} />}
      <main class="whole">
        {found instanceof Refusal && <Failure refusal={found} />}
        {!hasTables(service) && <Hindrance service={service} />}
        {state.name === "" ? (
          <List language={language} service={service} boards={listed} incomplete={found instanceof Refusal ? undefined : found?.incomplete} changed={refresh} />
        ) : board === null || board.board === null ? (
          found !== null && (
            <p class="notice" role="alert">
              {board?.error ?? `There is no dashboard “${state.name}”.`} <a href={boardOf("")}>All dashboards</a>
            </p>
          )
        ) : (
          <Board
            key={`${board.source}${board.name}`}
            board={board.board}
            listed={board}
            language={language}
            version={version}
            service={service}
            theme={theme}
            state={state}
            change={change}
          />
        )}
      </main>
    </>
  );
}

function Board(props: {
  board: Dashboard;
  listed: Listed;
  language: FlowQL;
  version: number;
  service: Service | null;
  theme: Surroundings["theme"];
  state: Shown;
  change: (part: Partial<Shown>, isStep?: boolean) => void;
}) {
  const { board, listed, language, version, service, theme, state, change } = props;
  const times = { from: state.from || board.from, to: state.to || board.to };
  const [round, setRound] = useState(0);
  const turns = useMemo(() => new Turns(AT_ONCE), []);
  useEffect(() => {
    if (times.to !== "now") return;
    const timer = setInterval(() => document.visibilityState !== "hidden" && setRound((round) => round + 1), PERIOD);
    return () => clearInterval(timer);
  }, [times.to]);
  const isValid = useMemo(() => meaningOf(language, state.filter) !== null, [version, state.filter]);
  const narrow = (column: string, value: string, exclude: boolean) => {
    const filter = narrowed(language, state.filter, column, value, exclude);
    if (filter !== null) change({ filter }, true);
  };
  const around: Surroundings = {
    filters: [board.filter, isValid ? state.filter : ""],
    times,
    round,
    turns,
    theme,
    narrow,
    canNarrow: (column, value) => canNarrow(language, column, value),
    zoom: (from, to) => change(between(from, to), true),
    isWall: state.wall,
  };
  const act = (key: string): boolean => {
    const now = Date.now();
    const part = { "[": () => shifted(times, -0.5, now), "]": () => shifted(times, 0.5, now), "-": () => scaled(times, 2, now), "+": () => scaled(times, 0.5, now) }[key];
    if (part) change(part(), true);
    else if (key === "w") change({ wall: !state.wall }, true);
    else return false;
    return true;
  };
  if (service !== null && !hasTables(service)) return null;
  return (
    <>
      {!state.wall && (
        <section class="panel board" aria-label="Dashboard">
          <header>
            <h2>{board.title}</h2>
            <span class="faint">{SOURCES[listed.source]}</span>
            <span class="tools">
              <a href={boardOf("")}>All dashboards</a>
              <button type="button" class="small" onClick={() => change({ wall: true }, true)} title="w">
                Wall screen
              </button>
              <Copy text={() => location.href}>Copy link</Copy>
            </span>
          </header>
          {board.description !== "" && <p>{board.description}</p>}
          <div class="controls" role="group" aria-label="What to show">
            <TimeRange state={times} set={(part) => change({ ...times, ...part }, true)} />
            {board.ask.map((column) => (
              <Asked key={column} column={column} board={board} times={times} filter={state.filter} narrow={(value) => narrow(column, value, false)} />
            ))}
            <label class="wide">
              <span>Only flows that match</span>
              <input
                type="text"
                value={state.filter}
                placeholder="all of them"
                aria-invalid={!isValid}
                onChange={(event) => change({ filter: event.currentTarget.value }, true)}
              />
            </label>
            {state.filter !== "" && (
              <button type="button" class="small" onClick={() => change({ filter: "" }, true)}>
                All flows
              </button>
            )}
          </div>
        </section>
      )}
      <div class="grid">
        {board.panel.map((panel, place) => (
          <PanelView key={place} panel={panel} around={around} />
        ))}
      </div>
      <Keyboard keys={KEYS} act={act} />
    </>
  );
}

/** Chooses a value of a column among those with the most traffic. */
function Asked(props: { column: string; board: Dashboard; times: { from: string; to: string }; filter: string; narrow: (value: string) => void }) {
  const { column, board, times, filter, narrow } = props;
  const [values, setValues] = useState<string[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    const range = timeRange(times, Date.now());
    const asked = filter === "" ? board.filter : board.filter === "" ? filter : `(${board.filter}\n) AND (${filter}\n)`;
    query({ filter: asked, kind: "top", columns: [column], unit: "bits", limit: 100, ...range }, controller.signal).then(
      ({ rows }) => setValues(rows.map((row) => text(row[0] ?? null)).filter((value) => value !== "")),
      () => undefined,
    );
    return () => controller.abort();
  }, [column, filter, times.from, times.to]);
  return (
    <label>
      <span>{column}</span>
      <select value="" onChange={(event) => event.currentTarget.value !== "" && narrow(event.currentTarget.value)}>
        <option value="">choose …</option>
        {values.map((value) => (
          <option key={value}>{value}</option>
        ))}
      </select>
    </label>
  );
}

/** All dashboards and views. */
function List(props: { language: FlowQL; service: Service | null; boards: Listed[]; incomplete: string | undefined; changed: () => Promise<void> }) {
  const { service, boards, incomplete, changed } = props;
  const [edited, setEdited] = useState<{ kind: Listed["kind"]; name: string; content: string } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const canEdit = service?.user.role !== "view" && service?.user.name !== null;
  const act = async (what: () => Promise<void>) => {
    try {
      await what();
      setFailure(null);
      await changed();
      return true;
    } catch (error) {
      setFailure(Refusal.of(error).message);
      return false;
    }
  };
  const remove = (board: Listed) => {
    if (confirm(`Delete your ${board.kind} ${board.name}?`)) void act(() => deleteBoard(board.kind, board.name));
  };
  return (
    <section class="panel boards" aria-label="Dashboards">
      <header>
        <h2>Dashboards and views</h2>
      </header>
      {incomplete !== undefined && <p class="notice">{incomplete}</p>}
      {failure !== null && edited === null && (
        <p class="notice" role="alert">
          {failure}
        </p>
      )}
      <ul>
        {boards.map((board) => (
          <li key={`${board.source}-${board.kind}-${board.name}`}>
            <a href={hrefOf(board)}>{board.board?.title ?? board.name}</a>
            <span class="faint">
              {board.kind} <code>{board.name}</code>, {SOURCES[board.source]}
            </span>
            {board.error !== null && <span class="bad">{board.error}</span>}
            {board.board !== null && board.board.description !== "" && <p>{board.board.description}</p>}
            {canEdit && (
              <span class="tools">
                <button type="button" class="small" onClick={() => setEdited({ kind: board.kind, name: board.name, content: board.content })}>
                  {board.source === "own" ? "Edit" : "Make your own copy"}
                </button>
                {board.source === "own" && (
                  <button type="button" class="small" aria-label={`Delete ${board.name}`} onClick={() => remove(board)}>
                    ✕
                  </button>
                )}
              </span>
            )}
          </li>
        ))}
      </ul>
      {edited !== null && (
        <form
          class="edit"
          aria-label="Text of the file"
          onSubmit={(event) => {
            event.preventDefault();
            void act(() => putBoard(edited.kind, edited.name, edited.content)).then((isDone) => isDone && setEdited(null));
          }}
        >
          <label>
            <span>Name</span>
            <input
              type="text"
              required
              pattern="[A-Za-z_](-?[A-Za-z0-9_])*-?"
              value={edited.name}
              onInput={(event) => setEdited({ ...edited, name: event.currentTarget.value })}
            />
          </label>
          <label class="wide">
            <span>The text of its file, as `flowql check` reads it</span>
            <textarea
              rows={18}
              spellcheck={false}
              value={edited.content}
              onInput={(event) => setEdited({ ...edited, content: event.currentTarget.value })}
            />
          </label>
          {failure !== null && (
            <p class="notice" role="alert">
              {failure}
            </p>
          )}
          <div class="actions">
            <Copy text={() => edited.content}>Copy</Copy>
            <button type="button" onClick={() => setEdited(null)}>
              Cancel
            </button>
            <button type="submit" class="primary">
              Save
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
