import { type Extension } from "@codemirror/state";
import { EditorView, hoverTooltip } from "@codemirror/view";

import { engineOf } from "./engine.js";
import { rendered } from "./markdown.js";

/** Documentation of what is under the pointer. */
export const flowqlHover: Extension = [
  hoverTooltip((view, position) => {
    const found = engineOf(view.state).current?.hover(view.state.doc.toString(), position);
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
  }),
  EditorView.baseTheme({
    ".cm-flowql-hover": { padding: "4px 8px", maxWidth: "36em", maxHeight: "20em", overflow: "auto" },
    ".cm-flowql-hover p, .cm-flowql-hover ul": { margin: "2px 0" },
    ".cm-flowql-hover ul": { paddingLeft: "1.2em" },
    ".cm-flowql-code": { opacity: "0.7" },
  }),
];
