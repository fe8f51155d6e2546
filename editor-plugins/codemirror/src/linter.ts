import { type Diagnostic as LintDiagnostic, linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import type { Diagnostic, Edit, FlowQL } from "@flowql/wasm";

import { engineOf } from "./engine.js";

export interface LinterConfig {
  /** How long after the last change the text is checked, in milliseconds; 200 unless given. */
  delay?: number;
  /** Whether hints are shown, which say what is worth knowing of a filter that is right; they are, unless given. */
  hints?: boolean;
}

/** Changes the text, as one step to undo. */
export function applyEdits(view: EditorView, edits: readonly Edit[], userEvent: string): void {
  view.dispatch({
    changes: edits.map(({ start, end, text }) => ({ from: start, to: end, insert: text })),
    userEvent,
    scrollIntoView: true,
  });
}

/** Applies a fix where it stands now: the text may have changed elsewhere since it was found. */
function fix(view: EditorView, flowql: FlowQL, code: string, title: string, from: number): void {
  const diagnostics = flowql.diagnostics(view.state.doc.toString());
  const same = diagnostics.find((found) => found.code === code && found.start === from);
  const found = same?.fixes.find((candidate) => candidate.title === title);
  if (found) applyEdits(view, found.edits, "input.fix");
}

function shown(flowql: FlowQL, { code, severity, message, start, end, help, fixes }: Diagnostic): LintDiagnostic {
  return {
    from: start,
    to: end,
    severity,
    source: code,
    message: help ? `${message}: ${help}` : message,
    renderMessage: () => rendered(message, help, code),
    actions: fixes.map(({ title }) => ({
      name: title,
      apply: (view: EditorView, from: number) => fix(view, flowql, code, title, from),
    })),
  };
}

function rendered(message: string, help: string | undefined, code: string): HTMLElement {
  const dom = document.createElement("span");
  const add = (className: string, text: string): void => {
    const part = document.createElement("span");
    part.className = className;
    part.textContent = text;
    dom.append(part, " ");
  };
  add("cm-flowql-message", message);
  if (help) add("cm-flowql-help", `(${help})`);
  add("cm-flowql-code", code);
  return dom;
}

/** Underlines what is wrong or doubtful, says why, and offers the fixes. */
export function flowqlLinter(config: LinterConfig = {}): Extension {
  const { delay = 200, hints = true } = config;
  return linter(
    async (view) => {
      const flowql = await engineOf(view.state).ready;
      const found = flowql.diagnostics(view.state.doc.toString());
      return found.filter(({ severity }) => hints || severity !== "hint").map((one) => shown(flowql, one));
    },
    { delay },
  );
}
