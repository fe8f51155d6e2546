import {
  defineLanguageFacet,
  foldInside,
  foldNodeProp,
  indentNodeProp,
  Language,
  ParseContext,
} from "@codemirror/language";
import { type Input, Parser, type PartialParse, type Tree } from "@lezer/common";

import { defaultEngine, type Engine } from "./engine.js";
import { nodeSet } from "./nodes.js";
import { treeOf } from "./tree.js";

const data = defineLanguageFacet({
  name: "flowql",
  commentTokens: { line: "--", block: { open: "/*", close: "*/" } },
  closeBrackets: { brackets: ["(", '"', "'"] },
  // A column or saved filter is selected as a whole by a double click.
  wordChars: "@",
});

const INDENT_AND_FOLD = [
  indentNodeProp.add({
    "Group List": (context) => {
      const closed = /^\s*\)/.test(context.textAfter);
      return context.baseIndent + (closed ? 0 : context.unit);
    },
    Filter: () => 0,
  }),
  foldNodeProp.add({ "Group List": foldInside, Comment: (node) => (node.to - node.from > 4 ? { from: node.from + 2, to: node.to - 2 } : null) }),
];

/** Asks the compiler for the tokens, all at once: that takes a few milliseconds for the longest filter. */
class FlowQLParser extends Parser {
  private readonly nodes = nodeSet(data, INDENT_AND_FOLD);

  constructor(private readonly engine: () => Engine) {
    super();
  }

  createParse(input: Input, fragments: Parameters<Parser["createParse"]>[1], ranges: readonly { from: number; to: number }[]): PartialParse {
    const engine = this.engine();
    const flowql = engine.current;
    if (!flowql) {
      // Until the compiler is there, the text is plain; then it is parsed.
      const ready = engine.ready.catch(() => new Promise<never>(() => undefined));
      return ParseContext.getSkippingParser(ready).startParse(input, fragments, ranges);
    }
    const from = ranges[0]?.from ?? 0;
    const to = ranges[ranges.length - 1]?.to ?? input.length;
    const nodes = this.nodes;
    return {
      parsedPos: from,
      stoppedAt: null,
      stopAt(position: number) {
        this.stoppedAt = position;
      },
      advance(): Tree {
        const text = input.read(from, to);
        this.parsedPos = to;
        return treeOf(nodes, text, flowql.tokens(text));
      },
    } as PartialParse & { parsedPos: number; stoppedAt: number | null };
  }
}

/** The language of one `FlowQL`. */
export function languageOf(engine: () => Engine): Language {
  return new Language(data, new FlowQLParser(engine), [], "flowql");
}

/** FlowQL with the default schema, alone: colours, brackets, folding, comments, indentation, selection by syntax. */
export const flowqlLanguage: Language = languageOf(defaultEngine);
