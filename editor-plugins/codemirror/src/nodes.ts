import { languageDataProp } from "@codemirror/language";
import type { Facet } from "@codemirror/state";
import { type TokenClass, TOKEN_CLASSES } from "@flowql/wasm";
import { NodeProp, type NodePropSource, NodeSet, NodeType } from "@lezer/common";
import { styleTags, tags } from "@lezer/highlight";

/** The nodes of the tokens, by the number of their class; punctuation has nodes of its own. */
const NODE_NAMES: Record<TokenClass, string> = {
  comment: "Comment",
  keyword: "Keyword",
  operator: "Operator",
  column: "Column",
  string: "String",
  number: "Number",
  "as-number": "AsNumber",
  address: "Address",
  community: "Community",
  constant: "Constant",
  "saved-filter": "SavedFilter",
  punctuation: "Comma",
  invalid: "Invalid",
};

const OTHERS = ["(", ")", "Group", "List", "Condition", "Filter"];

const NAMES = [...TOKEN_CLASSES.map((name) => NODE_NAMES[name]), ...OTHERS];

/** The number of the node of a name. */
const id = (name: string): number => NAMES.indexOf(name);

/** The numbers of the nodes that are no token, and of the tokens that the tree is made by. */
export const ID = {
  comment: id("Comment"),
  keyword: id("Keyword"),
  column: id("Column"),
  operator: id("Operator"),
  savedFilter: id("SavedFilter"),
  comma: id("Comma"),
  open: id("("),
  close: id(")"),
  group: id("Group"),
  list: id("List"),
  condition: id("Condition"),
  filter: id("Filter"),
} as const;

const HIGHLIGHTING = styleTags({
  Comment: tags.comment,
  Keyword: tags.keyword,
  Operator: tags.compareOperator,
  Column: tags.propertyName,
  String: tags.string,
  Number: tags.integer,
  AsNumber: tags.special(tags.number),
  Address: tags.url,
  Community: tags.labelName,
  Constant: tags.atom,
  SavedFilter: tags.macroName,
  Comma: tags.separator,
  "( )": tags.paren,
  Invalid: tags.invalid,
});

/** The nodes of the syntax tree. */
export function nodeSet(data: Facet<Record<string, unknown>>, sources: readonly NodePropSource[]): NodeSet {
  const types = NAMES.map((name, number) => {
    const props: [NodeProp<unknown>, unknown][] = [];
    if (name === "(") props.push([NodeProp.closedBy as NodeProp<unknown>, [")"]]);
    if (name === ")") props.push([NodeProp.openedBy as NodeProp<unknown>, ["("]]);
    if (name === "Filter") props.push([languageDataProp as NodeProp<unknown>, data]);
    return NodeType.define({ id: number, name, top: name === "Filter", error: name === "Invalid", props });
  });
  return new NodeSet(types).extend(HIGHLIGHTING, ...sources);
}
