import type { Extension } from "@codemirror/state";
import {
  activateHover,
  closeHoverTooltips,
  type Command,
  EditorView,
  hoverTooltip,
  keymap,
  type Tooltip,
} from "@codemirror/view";
import type { FlowQL } from "@flowql/wasm";

import { engineOf } from "./engine.js";
import { rendered } from "./markdown.js";

function tooltip(flowql: FlowQL, view: EditorView, position: number): Tooltip | null {
  const found = flowql.hover(view.state.doc.toString(), position);
  if (!found) return null;
  return {
    pos: found.start,
    end: found.end,
    above: true,
    create: () => {
      const dom = rendered(found.markdown);
      dom.className = "cm-flowql-hover";
      return { dom };
    },
  };
}

const documentation = hoverTooltip((view, position) => {
  const { current, ready } = engineOf(view.state);
  if (current) return tooltip(current, view, position);
  return ready.then(
    (flowql) => tooltip(flowql, view, position),
    () => null,
  );
});

/** Shows the documentation of what is at the cursor, until something changes, and has a screen reader say it. */
export const showDocumentation: Command = (view) => {
  const { head } = view.state.selection.main;
  const found = engineOf(view.state).current?.hover(view.state.doc.toString(), head);
  if (!found) return false;
  const until = (transaction: { docChanged: boolean; selection?: unknown }): boolean =>
    transaction.docChanged || transaction.selection !== undefined;
  activateHover(view, head, head < found.end ? 1 : -1, { tooltip: documentation, until });
  view.dispatch({ effects: EditorView.announce.of(rendered(found.markdown).textContent ?? "") });
  return true;
};

const hideDocumentation: Command = (view) => {
  if (view.state.field(documentation.active).length === 0) return false;
  view.dispatch({ effects: closeHoverTooltips });
  return true;
};

/** Documentation of what is under the pointer, and with Ctrl-K Ctrl-I of what is at the cursor. */
export const flowqlHover: Extension = [
  documentation,
  keymap.of([
    { key: "Mod-k Mod-i", run: showDocumentation, preventDefault: true },
    { key: "Escape", run: hideDocumentation },
  ]),
  EditorView.baseTheme({
    ".cm-flowql-hover": { padding: "4px 8px", maxWidth: "36em", maxHeight: "20em", overflow: "auto" },
    ".cm-flowql-hover p, .cm-flowql-hover ul": { margin: "2px 0" },
    ".cm-flowql-hover ul": { paddingLeft: "1.2em" },
    ".cm-flowql-code": { opacity: "0.7" },
  }),
];
