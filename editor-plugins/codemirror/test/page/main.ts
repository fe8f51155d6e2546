// A bare page with the editor, for the tests: `flowqlTest` makes editors and looks into them.
import { completionStatus } from "@codemirror/autocomplete";
import { basicSetup } from "codemirror";
import { forceParsing, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { forceLinting, forEachDiagnostic } from "@codemirror/lint";
import { oneDark } from "@codemirror/theme-one-dark";
import type { Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { load } from "@flowql/wasm";
import type { Configuration } from "@flowql/wasm";
import { highlightTree, tagHighlighter, tags } from "@lezer/highlight";

import {
  akvoradoService,
  flowql,
  flowqlCompletion,
  flowqlFormat,
  flowqlHover,
  flowqlKeymap,
  flowqlLanguage,
  flowqlLinter,
  flowqlService,
  flowqlSingleLine,
  flowqlSubmit,
  type ValueSource,
} from "../../dist/index.js";

interface Options {
  doc?: string;
  dark?: boolean;
  singleLine?: boolean;
  values?: keyof typeof SOURCES;
  url?: string;
  configuration?: Configuration;
  /** Colours by the name of the class instead of the theme's. */
  classes?: boolean;
  timeout?: number;
}

const EXPORTERS = ["edge1.example.net", "edge2.example.net", 'odd "name"', "core1.example.net"];

let asked: string[] = [];
let cancelled: string[] = [];
let release = (): void => undefined;

function answer(column: string, prefix: string): { value: string; detail: string }[] {
  asked.push(prefix);
  const all = {
    ExporterName: EXPORTERS.map((value) => ({ value, detail: "an exporter" })),
    SrcAS: [
      { value: "AS64501", detail: "Example Networks" },
      { value: "AS64502", detail: "Another Network" },
    ],
  }[column];
  return (all ?? []).filter(({ value, detail }) => `${value} ${detail}`.toLowerCase().includes(prefix.toLowerCase()));
}

const SOURCES = {
  static: () => (request) => answer(request.column, request.prefix),
  fail: () => () => Promise.reject(new Error("the backend is down")),
  throw: () => () => {
    throw new Error("it broke");
  },
  hang:
    () =>
    ({ prefix }, { signal }) => {
      asked.push(prefix);
      signal.addEventListener("abort", () => cancelled.push(prefix));
      return new Promise<never>(() => undefined);
    },
  late: () => async (request) => {
    await new Promise<void>((resolve) => (release = resolve));
    return answer(request.column, request.prefix);
  },
  partial: () => (request) => ({ values: answer(request.column, request.prefix), missing: "the names of AS numbers" }),
  flowql: (url) => flowqlService({ url }),
  akvorado: (url) => akvoradoService({ url }),
} satisfies Record<string, (url: string) => ValueSource>;

const classes = tagHighlighter([
  { tag: tags.comment, class: "is-comment" },
  { tag: tags.keyword, class: "is-keyword" },
  { tag: tags.compareOperator, class: "is-operator" },
  { tag: tags.propertyName, class: "is-column" },
  { tag: tags.string, class: "is-string" },
  { tag: tags.integer, class: "is-number" },
  { tag: tags.special(tags.number), class: "is-as-number" },
  { tag: tags.url, class: "is-address" },
  { tag: tags.labelName, class: "is-community" },
  { tag: tags.atom, class: "is-constant" },
  { tag: tags.macroName, class: "is-saved-filter" },
  { tag: tags.paren, class: "is-punctuation" },
  { tag: tags.separator, class: "is-punctuation" },
  { tag: tags.invalid, class: "is-invalid" },
]);

let view: EditorView | undefined;
let submitted: string[] = [];
let announced: string[] = [];

async function create(options: Options = {}): Promise<void> {
  view?.destroy();
  [asked, cancelled, submitted] = [[], [], []];
  document.body.classList.toggle("dark", options.dark ?? false);
  const engine = await load();
  const errors = engine.configure(options.configuration ?? {});
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const source = options.values && SOURCES[options.values](options.url ?? location.origin);
  view = new EditorView({
    doc: options.doc ?? "",
    extensions: [
      options.classes ? syntaxHighlighting(classes) : [],
      options.singleLine ? flowqlSingleLine : [],
      basicSetup,
      options.dark ? oneDark : [],
      flowql({
        flowql: engine,
        completion: source ? { values: source, timeout: options.timeout ?? 800 } : {},
        onSubmit: (view) => submitted.push(view.state.doc.toString()),
      }),
    ],
    parent: document.querySelector("#editor")!,
  });
  announced = [];
  // CodeMirror's element for what a screen reader is to say.
  const live = view.dom.querySelector("[aria-live]");
  if (live) new MutationObserver(() => announced.push(live.textContent ?? "")).observe(live, { childList: true, subtree: true });
  view.focus();
}

/** The parts of the package that are extensions, or made into one. */
const PARTS = {
  language: () => [flowqlLanguage, syntaxHighlighting(classes)],
  completion: () => flowqlCompletion({ values: SOURCES.static() }),
  linter: () => flowqlLinter(),
  hover: () => flowqlHover,
  keymap: () => [keymap.of(flowqlKeymap), flowqlSubmit.of((view) => submitted.push(view.state.doc.toString()))],
  format: () => keymap.of([{ key: "F2", run: flowqlFormat }]),
} satisfies Record<string, () => Extension>;

/** The colour behind an element. */
function backgroundOf(element: Element | null): string {
  for (let behind = element; behind; behind = behind.parentElement) {
    const { backgroundColor } = getComputedStyle(behind);
    if (!/^rgba\(.*, 0(\.\d+)?\)$/.test(backgroundColor)) return backgroundColor;
  }
  return "rgb(255, 255, 255)";
}

/** The relative luminance of a colour, from 0 to 1. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function current(): EditorView {
  if (!view) throw new Error("no editor");
  return view;
}

const api = {
  create,
  /** An editor that waits for nothing. */
  early: () => {
    view?.destroy();
    view = new EditorView({ extensions: [basicSetup, flowql()], parent: document.querySelector("#editor")! });
    view.focus();
  },
  text: () => current().state.doc.toString(),
  cursor: () => current().state.selection.main.head,
  selected: () => {
    const { from, to } = current().state.selection.main;
    return current().state.sliceDoc(from, to);
  },
  /** Puts a text with the cursor at `|` into the editor. */
  set: (marked: string) => {
    const at = marked.indexOf("|");
    const text = at < 0 ? marked : marked.slice(0, at) + marked.slice(at + 1);
    const { length } = current().state.doc;
    current().dispatch({
      changes: { from: 0, to: length, insert: text },
      selection: { anchor: at < 0 ? text.length : at },
    });
    current().focus();
  },
  /** Whether completion still asks its sources. */
  isCompleting: () => completionStatus(current().state) === "pending",
  /** Has the late source answer. */
  release: () => release(),
  /** Checks the text at once; what that finds is there when this has ended. */
  lint: async () => {
    forceLinting(current());
    // The linter waits for the module too, and did so before.
    await load();
  },
  asked: () => asked,
  /** What the source was told that nobody waits for any more. */
  cancelled: () => cancelled,
  submitted: () => submitted,
  announced: () => announced,
  /** The diagnostics as the editor has them. */
  diagnostics: () => {
    const found: [string, string, string][] = [];
    const { state } = current();
    forEachDiagnostic(state, ({ severity, source }, from, to) => {
      found.push([severity, source ?? "", state.sliceDoc(from, to)]);
    });
    return found;
  },
  /** The text of each span of the editor with the class of its token. */
  colours: (text: string, inTree: boolean): [string, string][] => {
    const { length } = current().state.doc;
    current().dispatch({ changes: { from: 0, to: length, insert: text }, selection: { anchor: 0 } });
    forceParsing(current(), text.length, 1000);
    const found: [string, string][] = [];
    if (inTree) {
      highlightTree(syntaxTree(current().state), classes, (from, to, name) => {
        for (const line of text.slice(from, to).split("\n")) if (line !== "") found.push([line, name.replace("is-", "")]);
      });
      return found;
    }
    for (const line of current().contentDOM.querySelectorAll(".cm-line")) {
      for (const span of line.querySelectorAll("[class*='is-']")) {
        const name = /is-([\w-]+)/.exec(span.className)?.[1] ?? "";
        found.push([span.textContent ?? "", name]);
      }
    }
    return found;
  },
  /** An editor with nothing but one part of the package. */
  alone: async (part: keyof typeof PARTS, doc: string) => {
    view?.destroy();
    [asked, submitted] = [[], []];
    view = new EditorView({ doc, extensions: PARTS[part](), parent: document.querySelector("#editor")! });
    view.focus();
    // Keys are not waited for until the module has loaded.
    await load();
  },
  /** How bright the background of each element is, and how its text stands out from it, as WCAG has it. */
  contrasts: (selector: string) =>
    [...document.querySelectorAll(selector)].map((element) => {
      const colour = getComputedStyle(element).color;
      const background = luminance(backgroundOf(element));
      const [dark = 0, bright = 0] = [luminance(colour), background].sort((first, second) => first - second);
      return { text: element.textContent, colour, background, contrast: (bright + 0.05) / (dark + 0.05) };
    }),
  /** Types a character, and waits for the frame that shows it. */
  typed: (character: string) => {
    const { head } = current().state.selection.main;
    current().dispatch({
      changes: { from: head, insert: character },
      selection: { anchor: head + character.length },
      userEvent: "input.type",
    });
    return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  },
};

export type Api = typeof api & { PARTS: typeof PARTS };

(window as unknown as { flowqlTest: typeof api }).flowqlTest = api;
