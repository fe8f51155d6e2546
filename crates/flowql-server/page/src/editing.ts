import type { EditorView } from "@codemirror/view";
import type { Edit, FlowQL } from "@flowql/wasm";
import { useRef } from "preact/hooks";

/** What is done with the text of an editor from outside of it. */
export interface Editing {
  /** Takes the editor, once it is made. */
  made: (view: EditorView) => void;
  focus: () => void;
  /** Changes the text, as a fix does. */
  apply: (edits: Edit[]) => void;
  /** Selects a part of the text. */
  show: (start: number, end: number) => void;
  format: () => void;
}

export function useEditing(language: FlowQL, filter: string, change: (filter: string) => void): Editing {
  const view = useRef<EditorView | null>(null);
  const focus = () => view.current?.focus();
  return {
    made: (made) => (view.current = made),
    focus,
    apply: (edits) => {
      view.current?.dispatch({ changes: edits.map(({ start, end, text }) => ({ from: start, to: end, insert: text })) });
      focus();
    },
    show: (start, end) => {
      view.current?.dispatch({ selection: { anchor: start, head: end }, scrollIntoView: true });
      focus();
    },
    format: () => {
      const { text } = language.format(filter);
      if (text !== null) change(text);
    },
  };
}
