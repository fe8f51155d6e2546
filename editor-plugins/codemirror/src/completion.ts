import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
  insertCompletionText,
  pickedCompletion,
} from "@codemirror/autocomplete";
import { EditorState, type Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import type { Candidate, CandidateKind, Completions } from "@flowql/wasm";

import { engineOf } from "./engine.js";
import { showStatus, statusTooltip } from "./status.js";
import { type ValueAnswer, ValueClient, type ValueOptions, type ValueSource } from "./values.js";

export interface CompletionConfig extends ValueOptions {
  /** Who knows the values of the network. Without one, the words and tables of the language are offered. */
  values?: ValueSource;
}

/** The kinds of candidates as CodeMirror's icons have them. */
const TYPES: Record<CandidateKind, string> = {
  column: "property",
  operator: "keyword",
  keyword: "keyword",
  value: "constant",
  "saved-filter": "variable",
  punctuation: "text",
};

/** After these something else is to be typed: it is offered at once. */
const GOES_ON: readonly CandidateKind[] = ["column", "operator", "keyword", "punctuation"];

const goesOn = new WeakSet<Completion>();

/** One function for all editors: CodeMirror merges settings that are the same only. */
const activateOnCompletion = (completion: Completion): boolean => goesOn.has(completion);

function option(candidate: Candidate): Completion {
  const { label, kind, detail, documentation, insert } = candidate;
  const completion: Completion = {
    label,
    type: TYPES[kind],
    detail,
    apply: (view: EditorView, completion: Completion, from: number, to: number) => {
      view.dispatch({
        ...insertCompletionText(view.state, insert, from, to),
        annotations: pickedCompletion.of(completion),
      });
    },
  };
  if (documentation) completion.info = () => described(documentation);
  if (GOES_ON.includes(kind)) goesOn.add(completion);
  return completion;
}

function described(documentation: string): HTMLElement {
  const dom = document.createElement("div");
  dom.textContent = documentation;
  return dom;
}

function result(
  completions: Completions,
  candidates: readonly Candidate[],
  update: NonNullable<CompletionResult["update"]>,
): CompletionResult | null {
  if (candidates.length === 0) return null;
  const { start, end } = completions.replace;
  // The compiler has matched and ordered them.
  return { from: start, to: end, options: candidates.map(option), filter: false, update };
}

/** What is typed of a number is one already: it goes first, so that Enter makes no other of it unless that was chosen. */
function typedFirst(context: CompletionContext, typed: string, candidates: readonly Candidate[]): readonly Candidate[] {
  const [first] = candidates;
  if (context.explicit || !first || first.insert.trim() === typed || !/^(as)?\d+$/i.test(typed)) return candidates;
  return [{ label: typed, kind: "value", detail: "as typed", documentation: "", insert: typed }, ...candidates];
}

/** Whether a condition has just ended, without a blank after it: that more may follow is not said unless asked. */
function hasEnded(context: CompletionContext, typed: string, candidates: readonly Candidate[]): boolean {
  const goOn = candidates.every(({ kind }) => kind === "keyword" || kind === "punctuation");
  return !context.explicit && typed === "" && goOn && context.matchBefore(/["')]$/) !== null;
}

function completionsAt(context: CompletionContext): { text: string; found: Completions } | null {
  const flowql = engineOf(context.state).current;
  if (!flowql) return null;
  const text = context.state.doc.toString();
  return { text, found: flowql.complete(text, context.pos) };
}

/** The answer of a source, which waits for the compiler when completion is wanted before that has loaded. */
function whenLoaded(source: CompletionSource): CompletionSource {
  return (context) => {
    const { current, ready } = engineOf(context.state);
    if (current) return source(context);
    return ready.then(
      () => source(context),
      () => null,
    );
  };
}

/** What the compiler knows: columns, operators, connectives, words, saved filters. */
function staticSource(context: CompletionContext): CompletionResult | null {
  const at = completionsAt(context);
  if (!at) return null;
  const { replace, candidates } = at.found;
  const typed = at.text.slice(replace.start, context.pos);
  // Nothing to say where the only candidate is what stands there.
  if (!context.explicit && candidates.length === 1 && candidates[0]?.insert.trim() === typed) return null;
  if (hasEnded(context, typed, candidates)) return null;
  return result(at.found, typedFirst(context, typed, candidates), (_current, _from, _to, next) => staticSource(next));
}

/** What a source of values adds to that. */
function valueSource(client: ValueClient): CompletionSource {
  /** The candidates of an answer that the compiler does not know by itself. */
  function added(context: CompletionContext, answer: ValueAnswer): CompletionResult | null {
    const at = completionsAt(context);
    const flowql = engineOf(context.state).current;
    if (!at || !flowql) return null;
    const known = new Set(at.found.candidates.map(({ insert }) => insert));
    const all = flowql.complete(at.text, context.pos, answer.values);
    const values = all.candidates.filter(({ insert }) => !known.has(insert));
    const typed = at.text.slice(all.replace.start, context.pos);
    return result(all, typedFirst(context, typed, values), (_current, _from, _to, next) => narrowed(next));
  }

  /** While the answer to a shorter text will do, nobody is asked. */
  function narrowed(context: CompletionContext): CompletionResult | null {
    const request = completionsAt(context)?.found.request;
    const answer = request && client.known(request);
    return answer ? added(context, answer) : null;
  }

  return async (context) => {
    const at = completionsAt(context);
    const { view } = context;
    const tell = (status: string | null): void => {
      if (view && !context.aborted) showStatus(view, status);
    };
    if (!at?.found.request) {
      tell(null);
      return null;
    }
    const controller = new AbortController();
    context.addEventListener("abort", () => controller.abort(), { onDocChange: true });
    try {
      const place = { filter: at.text, cursor: context.pos, signal: controller.signal };
      const answer = await client.ask(at.found.request, place, !context.explicit);
      tell(answer.missing === undefined ? null : `Some values are missing: ${answer.missing}`);
      return added(context, answer);
    } catch (error) {
      if (!controller.signal.aborted) tell(`No values: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };
}

/** Completion: what the compiler knows at once, the values of a source when they come. */
export function flowqlCompletion(config: CompletionConfig = {}): Extension {
  const { values, ...options } = config;
  const sources: CompletionSource[] = [staticSource];
  // Names seen in the network go before those of the tables.
  if (values) sources.unshift(valueSource(new ValueClient(values, options)));
  const data = sources.map((source) => ({ autocomplete: whenLoaded(source) }));
  return [
    // All of an editor is one filter, with the language's colours or without.
    EditorState.languageData.of(() => data),
    autocompletion({ activateOnCompletion }),
    statusTooltip,
  ];
}
