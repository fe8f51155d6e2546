import { type EditorState, StateEffect, StateField } from "@codemirror/state";
import { EditorView, showTooltip, type Tooltip } from "@codemirror/view";

const setStatus = StateEffect.define<string | null>();

/** A note at the cursor: why something is not there. */
const statusField = StateField.define<string | null>({
  create: () => null,
  update(status, transaction) {
    for (const effect of transaction.effects) if (effect.is(setStatus)) status = effect.value;
    return status;
  },
  provide: (field) => showTooltip.compute([field, "selection"], (state) => tooltip(state, state.field(field))),
});

function tooltip(state: EditorState, status: string | null): Tooltip | null {
  if (status === null) return null;
  return {
    pos: state.selection.main.head,
    // Below is the menu.
    above: true,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-flowql-status";
      dom.textContent = status;
      return { dom };
    },
  };
}

/** Shows a note, and says it to a screen reader; `null` takes it away. */
export function showStatus(view: EditorView, status: string | null): void {
  if (view.state.field(statusField, false) === status) return;
  const announcement = status === null ? [] : [EditorView.announce.of(status)];
  view.dispatch({ effects: [setStatus.of(status), ...announcement] });
}

export const statusTooltip = [
  statusField,
  // A note is about the place where one types.
  EditorView.domEventHandlers({
    blur: (_event, view) => {
      showStatus(view, null);
    },
  }),
  EditorView.baseTheme({
    ".cm-flowql-status": { padding: "2px 6px", maxWidth: "40em" },
    // Both classes: CodeMirror colours tooltips itself.
    "&light .cm-tooltip.cm-flowql-status": { color: "#8a4b00" },
    "&dark .cm-tooltip.cm-flowql-status": { color: "#f0b060" },
  }),
];
