import { EditorState, type Extension, type Text } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import type { FlowQL } from "@flowql/wasm";

import { submitFilter } from "./commands.js";
import { engineOf } from "./engine.js";

/** The text on one line. A comment that ends with its line becomes one that does not reach further. */
export function onOneLine(text: string, flowql: FlowQL | undefined): string {
  let line = text;
  const tokens = flowql?.tokens(text) ?? new Uint32Array();
  for (let at = tokens.length - 3; at >= 0; at -= 3) {
    const [from = 0, to = 0] = [tokens[at], tokens[at + 1]];
    const token = text.slice(from, to);
    if (token.startsWith("--") && to < text.length) {
      const comment = `/* ${token.slice(2).trim().replaceAll("*/", "* /")} */`;
      line = line.slice(0, from) + comment + line.slice(to);
    }
  }
  return line.replace(/\s*[\r\n]+\s*/g, " ");
}

/** An editor of one line: what is pasted is put on it, and Enter hands the filter in. */
export const flowqlSingleLine: Extension = [
  EditorState.transactionFilter.of((transaction) => {
    const { newDoc, startState } = transaction;
    if (!transaction.docChanged || newDoc.lines === 1) return transaction;
    const text = newDoc.toString();
    const flowql = engineOf(startState).current;
    // Only the compiler knows which hyphens begin a comment, and what is behind one would become part of it: until it
    // has loaded, such lines stay, and the next change puts them on one.
    if (!flowql && text.includes("--")) return transaction;
    const insert = onOneLine(text, flowql);
    // Where the cursor was meant to be, counted from the end.
    const head = transaction.newSelection.main.head;
    const after = onOneLine(tail(newDoc, head), undefined).length;
    return [
      transaction,
      {
        changes: { from: 0, to: newDoc.length, insert },
        selection: { anchor: Math.max(0, insert.length - after) },
        sequential: true,
      },
    ];
  }),
  keymap.of([{ key: "Enter", run: submitFilter }]),
  EditorView.contentAttributes.of({ "aria-multiline": "false" }),
];

const tail = (doc: Text, from: number): string => doc.sliceString(from);
