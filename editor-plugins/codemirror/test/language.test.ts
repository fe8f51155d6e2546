import { ensureSyntaxTree, foldable, indentRange, matchBrackets } from "@codemirror/language";
import { toggleComment, selectParentSyntax } from "@codemirror/commands";
import { EditorSelection, EditorState, type StateCommand } from "@codemirror/state";
import { load } from "@flowql/wasm";
import { describe, expect, test } from "vitest";

import { flowqlFormat } from "../src/commands.js";
import { Engine, engineFacet } from "../src/engine.js";
import { languageOf } from "../src/language.js";
import { flowqlSingleLine, onOneLine } from "../src/single-line.js";

const flowql = await load();
const engine = new Engine(flowql);
const language = languageOf(() => engine);

/** The state of a text with the cursor at `|`. */
function state(marked: string): EditorState {
  const at = marked.indexOf("|");
  return EditorState.create({
    doc: marked.replace("|", ""),
    selection: EditorSelection.cursor(Math.max(at, 0)),
    extensions: [language, engineFacet.of(engine)],
  });
}

/** The text after a command, with the selection between `[` and `]`. */
function after(marked: string, ...commands: StateCommand[]): string {
  let current = state(marked);
  ensureSyntaxTree(current, current.doc.length);
  for (const command of commands) command({ state: current, dispatch: (transaction) => (current = transaction.state) });
  const { from, to } = current.selection.main;
  const text = current.doc.toString();
  return `${text.slice(0, from)}[${text.slice(from, to)}]${text.slice(to)}`;
}

function shape(text: string): string {
  const tree = ensureSyntaxTree(state(text), text.length)!;
  return tree.toString();
}

describe("the syntax tree", () => {
  test.each([
    ["", "Filter"],
    ["SrcAS = AS1", "Filter(Condition(Column,Operator,AsNumber))"],
    [
      "SrcAS = 1 AND NOT (DstAS = 2 OR @a)",
      'Filter(Condition(Column,Operator,AsNumber),Keyword,Keyword,Group("(",Condition(Column,Operator,AsNumber),Keyword,SavedFilter,")"))',
    ],
    ["SrcAS IN (1, 2)", 'Filter(Condition(Column,Operator,List("(",AsNumber,Comma,AsNumber,")")))'],
    ["SrcPort BETWEEN 1 AND 2", "Filter(Condition(Column,Operator,Number,Keyword,Number))"],
    ["SrcAS = DstAS OR x", "Filter(Condition(Column,Operator,Column),Keyword,Condition(Column))"],
    ["SrcAS NOT IN (1", 'Filter(Condition(Column,Keyword,Operator,List("(",AsNumber)))'],
    ["((", 'Filter(Group("(",Group("(")))'],
    [")", 'Filter(")")'],
    ["/* a */ SrcAS -- b", "Filter(Comment,Condition(Column,Comment))"],
  ])("of %s", (text, expected) => {
    expect(shape(text)).toBe(expected);
  });

  test("has every token at its place, for any text", () => {
    for (const text of ['a = "\u{1F600}" AND (b', "= = ((", "\u{1F600}\u{1F600} é (", "NOT NOT IN (((", ") ) ("]) {
      const tokens = flowql.tokens(text);
      const leaves: number[] = [];
      ensureSyntaxTree(state(text), text.length)!.iterate({
        enter: (node) => {
          if (!node.node.firstChild && node.name !== "Filter") leaves.push(node.from, node.to);
        },
      });
      const expected = Array.from(tokens).filter((_number, index) => index % 3 < 2);
      expect(leaves).toEqual(expected);
    }
  });
});

describe("what editors make of it", () => {
  test("brackets match", () => {
    const matched = matchBrackets(state("(SrcAS IN (1, 2)) OR )"), 0, 1)!;
    expect([matched.matched, matched.end?.from]).toEqual([true, 16]);
    expect(matchBrackets(state("(SrcAS IN (1, 2)) OR )"), 10, 1)?.end?.from).toBe(15);
    // A parenthesis in a string is none.
    expect(matchBrackets(state('(ExporterName = ")")'), 0, 1)?.end?.from).toBe(19);
  });

  test("groups and lists of several lines fold", () => {
    const folding = state("(\n  SrcAS = 1\n)");
    ensureSyntaxTree(folding, folding.doc.length);
    expect(foldable(folding, 0, 1)).toEqual({ from: 1, to: 14 });
  });

  test("lines are indented by their groups", () => {
    const text = "NOT (\nSrcAS IN (\n1,\n2\n)\nOR SrcAS = 3\n)\nAND DstAS = 4";
    const plain = state(text);
    ensureSyntaxTree(plain, text.length);
    const indented = plain.update({ changes: indentRange(plain, 0, text.length) }).newDoc.toString();
    expect(indented).toBe("NOT (\n  SrcAS IN (\n    1,\n    2\n  )\n  OR SrcAS = 3\n)\nAND DstAS = 4");
  });

  test("comments toggle", () => {
    expect(after("Src|AS = 1", toggleComment)).toBe("-- Src[]AS = 1");
    expect(after("-- Src|AS = 1", toggleComment)).toBe("Src[]AS = 1");
  });

  test("the selection grows by syntax", () => {
    const text = "NOT (SrcAS = AS|1 OR DstAS = 2)";
    expect(after(text, selectParentSyntax)).toBe("NOT (SrcAS = [AS1] OR DstAS = 2)");
    expect(after(text, selectParentSyntax, selectParentSyntax)).toBe("NOT ([SrcAS = AS1] OR DstAS = 2)");
    const twice = [selectParentSyntax, selectParentSyntax, selectParentSyntax];
    expect(after(text, ...twice)).toBe("NOT [(SrcAS = AS1 OR DstAS = 2)]");
  });

  test("formatting keeps the cursor, and leaves a bad filter as it is", () => {
    expect(after("srcas=1 and dst|as=2", flowqlFormat)).toBe("SrcAS = 1 AND Dst[]AS = 2");
    expect(after("srcas=1 and |", flowqlFormat)).toBe("srcas=1 and []");
  });
});

describe("one line", () => {
  test.each([
    ["SrcAS = 1\nAND DstAS = 2\n", "SrcAS = 1 AND DstAS = 2 "],
    ["SrcAS = 1 -- ours\r\n  AND DstAS = 2", "SrcAS = 1 /* ours */ AND DstAS = 2"],
    ["SrcAS = 1 -- a */ b\nOR @x -- end", "SrcAS = 1 /* a * / b */ OR @x -- end"],
  ])("%j", (text, expected) => {
    expect(onOneLine(text, flowql)).toBe(expected);
    expect(flowql.compile(expected.replace("OR @x", "OR DstAS = 1")).sql).toBe(
      flowql.compile(text.replace("OR @x", "OR DstAS = 1")).sql,
    );
  });
});

test("on one line, comments wait for the module", () => {
  const late = new Engine(new Promise<never>(() => undefined));
  const pasted = (engine: Engine, insert: string) =>
    EditorState.create({ extensions: [flowqlSingleLine, engineFacet.of(engine)] })
      .update({ changes: { from: 0, insert } })
      .newDoc.toString();
  expect(pasted(late, "SrcAS = 1\nAND DstAS = 2")).toBe("SrcAS = 1 AND DstAS = 2");
  expect(pasted(late, "SrcAS = 1 -- ours\nAND DstAS = 2")).toBe("SrcAS = 1 -- ours\nAND DstAS = 2");
  expect(pasted(engine, "SrcAS = 1 -- ours\nAND DstAS = 2")).toBe("SrcAS = 1 /* ours */ AND DstAS = 2");
});

test("a module that does not load leaves the text plain", async () => {
  const failed = new Engine(Promise.reject(new Error("no WebAssembly")));
  await failed.ready.catch(() => undefined);
  const plain = EditorState.create({ doc: "SrcAS = 1", extensions: [languageOf(() => failed), engineFacet.of(failed)] });
  expect(ensureSyntaxTree(plain, 9)?.toString() ?? "").not.toContain("Column");
  expect(flowqlFormat({ state: plain, dispatch: () => expect.unreachable() })).toBe(false);
});
