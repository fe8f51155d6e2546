import { startCompletion } from "@codemirror/autocomplete";
import { Facet, type StateCommand } from "@codemirror/state";
import { type Command, EditorView, type KeyBinding } from "@codemirror/view";

import { engineOf } from "./engine.js";

/** Who is told that a filter is to be used. */
export const flowqlSubmit = Facet.define<(view: EditorView) => void>();

/** Hands the filter in: to `flowqlSubmit`, else to the form around the editor. */
export const submitFilter: Command = (view) => {
  const handlers = view.state.facet(flowqlSubmit);
  if (handlers.length > 0) {
    for (const handle of handlers) handle(view);
    return true;
  }
  const form = view.dom.closest("form");
  form?.requestSubmit();
  return form !== null;
};

/** Writes the filter in its canonical layout; one with errors is left as it is, and that is said. */
export const flowqlFormat: StateCommand = (target) => {
  const { state, dispatch } = target;
  const engine = engineOf(state);
  if (engine.failed || state.readOnly) return false;
  const flowql = engine.current;
  if (!flowql) {
    // Of what has changed since, nobody asked for the layout.
    engine.ready.then(
      () => target.state.doc.eq(state.doc) && flowqlFormat(target),
      () => undefined,
    );
    return true;
  }
  const before = state.doc.toString();
  const { text: after } = flowql.format(before);
  if (after === null) {
    const effects = EditorView.announce.of("The filter has errors and was not formatted.");
    dispatch(state.update({ effects }));
  } else if (after !== before) {
    dispatch(
      state.update({
        changes: { from: 0, to: before.length, insert: after },
        selection: { anchor: samePlace(before, state.selection.main.head, after) },
        userEvent: "format",
        scrollIntoView: true,
      }),
    );
  }
  return true;
};

/** The place of a cursor after formatting, which changes blanks: after as many characters that are none. */
function samePlace(before: string, cursor: number, after: string): number {
  let left = before.slice(0, cursor).replace(/\s/g, "").length;
  let place = 0;
  for (; place < after.length && left > 0; place++) if (/\S/.test(after[place] ?? "")) left--;
  return place;
}

/** Ctrl-Enter hands the filter in, Ctrl-Space completes, Shift-Alt-F formats. */
export const flowqlKeymap: readonly KeyBinding[] = [
  { key: "Ctrl-Enter", mac: "Cmd-Enter", run: submitFilter, preventDefault: true },
  { key: "Ctrl-Space", run: startCompletion },
  { key: "Shift-Alt-f", run: flowqlFormat, preventDefault: true },
];
