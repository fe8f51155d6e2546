import { type Language, LanguageSupport } from "@codemirror/language";
import { type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";

import { flowqlKeymap, flowqlSubmit } from "./commands.js";
import { type CompletionConfig, flowqlCompletion } from "./completion.js";
import { Engine, engineFacet, type FlowQLSource } from "./engine.js";
import { flowqlHover } from "./hover.js";
import { flowqlLanguage, languageOf } from "./language.js";
import { flowqlLinter, type LinterConfig } from "./linter.js";

export { flowqlFormat, flowqlKeymap, flowqlSubmit, submitFilter } from "./commands.js";
export { type CompletionConfig, flowqlCompletion } from "./completion.js";
export { type FlowQLSource } from "./engine.js";
export { flowqlHover, showDocumentation } from "./hover.js";
export { akvoradoService, flowqlService, type ServiceOptions } from "./http.js";
export { flowqlLanguage } from "./language.js";
export { flowqlLinter, type LinterConfig } from "./linter.js";
export { flowqlSingleLine } from "./single-line.js";
export type { ValueAnswer, ValueContext, ValueOptions, ValueSource } from "./values.js";

export interface FlowQLConfig {
  /** The compiler, when it is not the one with the default schema: `load()` of `@flowql/wasm`, configured or not. */
  flowql?: FlowQLSource;
  /** Completion; with a source of values if there is one. */
  completion?: CompletionConfig;
  linter?: LinterConfig;
  /** Called on Ctrl-Enter; without it the form around the editor is submitted. */
  onSubmit?: (view: EditorView) => void;
  /** What a screen reader calls the editor; "FlowQL filter" unless given. */
  label?: string;
}

/** FlowQL in CodeMirror: the language with completion, errors, documentation and keys. */
export function flowql(config: FlowQLConfig = {}): LanguageSupport {
  const support: Extension[] = [];
  let language: Language = flowqlLanguage;
  if (config.flowql) {
    const engine = new Engine(config.flowql);
    language = languageOf(() => engine);
    support.push(engineFacet.of(engine));
  }
  support.push(
    flowqlCompletion(config.completion),
    flowqlLinter(config.linter),
    flowqlHover,
    // Before the default keys, of which Ctrl-Enter inserts a line.
    Prec.high(keymap.of(flowqlKeymap)),
    EditorView.contentAttributes.of({ "aria-label": config.label ?? "FlowQL filter" }),
  );
  if (config.onSubmit) support.push(flowqlSubmit.of(config.onSubmit));
  return new LanguageSupport(language, support);
}
