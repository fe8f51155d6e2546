import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { flowql, flowqlService } from "@flowql/codemirror";
import type { FlowQL } from "@flowql/wasm";
import { tags } from "@lezer/highlight";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import type { Theme } from "./theme.js";

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, class: "token-keyword" },
  { tag: tags.compareOperator, class: "token-operator" },
  { tag: tags.macroName, class: "token-saved-filter" },
  { tag: tags.propertyName, class: "token-column" },
  { tag: tags.string, class: "token-string" },
  { tag: [tags.number, tags.url, tags.labelName, tags.atom], class: "token-number" },
  { tag: tags.comment, class: "token-comment" },
  { tag: tags.invalid, class: "token-invalid" },
]);

interface EditorProps {
  text: string;
  language: FlowQL;
  /** Counts how often the language was configured anew. */
  version: number;
  theme: Theme;
  /** Whether it leaves the focus where it is when it is made, as where keys mean something. */
  isCalm?: boolean;
  change: (text: string) => void;
  submit: () => void;
  made: (view: EditorView) => void;
}

/** The editor of the filter. The text is the owner's: a change from outside is taken over. */
export function Editor(props: EditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  // The editor is made once, and calls those of the last rendering.
  const last = useRef(props);
  last.current = props;
  const { language, theme } = useRef({ language: new Compartment(), theme: new Compartment() }).current;
  useEffect(() => {
    if (!box.current) return;
    const editor = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: last.current.text,
        selection: { anchor: last.current.text.length },
        extensions: [
          EditorView.cspNonce.of(nonce()),
          history(),
          closeBrackets(),
          bracketMatching(),
          EditorView.lineWrapping,
          placeholder("Which flows? As in: InIfBoundary = external AND DstPort = 443"),
          language.of(support(last)),
          theme.of(EditorView.darkTheme.of(last.current.theme === "dark")),
          syntaxHighlighting(COLOURS),
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) last.current.change(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    last.current.made(editor);
    if (!last.current.isCalm && matchMedia("(hover: hover)").matches) editor.focus();
    return () => editor.destroy();
  }, []);
  // At once: an effect after painting would take the text of a moment ago for a change from outside.
  useLayoutEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === props.text) return;
    const { length } = editor.state.doc;
    editor.dispatch({ changes: { from: 0, to: length, insert: props.text }, selection: { anchor: props.text.length } });
  }, [props.text]);
  useEffect(() => {
    // What was an unknown name may be a saved filter now: the text is read again.
    if (props.version > 0) view.current?.dispatch({ effects: language.reconfigure(support(last)) });
  }, [props.version]);
  useEffect(() => {
    view.current?.dispatch({ effects: theme.reconfigure(EditorView.darkTheme.of(props.theme === "dark")) });
  }, [props.theme]);
  return <div ref={box} class="editor" />;
}

/** The language, with the values of the service. */
function support(last: { current: EditorProps }): Extension {
  return flowql({
    flowql: last.current.language,
    label: "Filter",
    completion: { values: flowqlService({ url: new URL(".", location.href).href }) },
    onSubmit: () => last.current.submit(),
  });
}

/** The nonce by which the policy of the page allows the editor's styles. */
const nonce = (): string => document.querySelector<HTMLMetaElement>('meta[name="nonce"]')?.content ?? "";
