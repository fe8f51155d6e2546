import { type NodeSet, Tree } from "@lezer/common";

import { ID } from "./nodes.js";

/** A node whose end is not there yet. */
interface Open {
  type: number;
  from: number;
  /** Where its nodes begin in the buffer. */
  place: number;
}

/**
 * The syntax tree of a text from the compiler's tokens. It adds to them only how they are nested: what stands in
 * parentheses, and the conditions. A condition reaches from its column to the next connective; a connective that no
 * condition follows is the AND of BETWEEN.
 */
export function treeOf(nodes: NodeSet, text: string, tokens: Uint32Array): Tree {
  const buffer: number[] = [];
  const open: Open[] = [];
  let end = 0;

  const start = (type: number, from: number): void => void open.push({ type, from, place: buffer.length });
  const finish = (): void => {
    const node = open.pop();
    if (node) buffer.push(node.type, node.from, end, buffer.length - node.place + 4);
  };
  const innermost = (): number | undefined => open[open.length - 1]?.type;
  const finishCondition = (): void => {
    if (innermost() === ID.condition) finish();
  };

  for (let at = 0; at < tokens.length; at += 3) {
    const [from = 0, to = 0] = [tokens[at], tokens[at + 1]];
    const type = typeOf(text, from, tokens[at + 2] ?? 0);
    if (type === ID.open) {
      start(innermost() === ID.condition ? ID.list : ID.group, from);
    } else if (type === ID.close) {
      if (innermost() === ID.condition) finish();
    } else if (type === ID.savedFilter || (type === ID.column && !isValue(text, tokens, at))) {
      if (innermost() !== ID.list) finishCondition();
      if (type === ID.column && innermost() !== ID.list) start(ID.condition, from);
    } else if (type === ID.keyword && startsTerm(text, tokens, at + 3)) {
      finishCondition();
    }
    buffer.push(type, from, to, 4);
    end = to;
    if (type === ID.close && (innermost() === ID.group || innermost() === ID.list)) finish();
  }
  while (open.length > 0) finish();
  return Tree.build({
    buffer,
    nodeSet: nodes,
    topID: ID.filter,
    length: text.length,
  });
}

function typeOf(text: string, from: number, tokenClass: number): number {
  if (tokenClass !== ID.comma) return tokenClass;
  const mark = text[from];
  return mark === "(" ? ID.open : mark === ")" ? ID.close : ID.comma;
}

/** Whether a column stands at the place of a value: right after an operator. */
function isValue(text: string, tokens: Uint32Array, at: number): boolean {
  let before = at - 3;
  while (before >= 0 && tokens[before + 2] === ID.comment) before -= 3;
  return before >= 0 && typeOf(text, tokens[before] ?? 0, tokens[before + 2] ?? 0) === ID.operator;
}

/** Whether what follows a connective begins a term of its own. */
function startsTerm(text: string, tokens: Uint32Array, after: number): boolean {
  while (after < tokens.length && tokens[after + 2] === ID.comment) after += 3;
  if (after >= tokens.length) return true;
  const type = typeOf(text, tokens[after] ?? 0, tokens[after + 2] ?? 0);
  return ([ID.column, ID.keyword, ID.savedFilter, ID.open, ID.close] as number[]).includes(type);
}
