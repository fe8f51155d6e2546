import { type FlowQL, TOKEN_CLASSES } from "@flowql/wasm";

interface Piece {
  text: string;
  kind: string;
}

const pieces = (list: Piece[]) =>
  list.map(({ text, kind }, place) =>
    kind === "" ? text : (
      <span key={place} class={`token-${kind}`}>
        {text}
      </span>
    ),
  );

/** A filter in the colours of the editor. */
export function ColouredFilter({ language, text }: { language: FlowQL; text: string }) {
  const tokens = language.tokens(text);
  const list: Piece[] = [];
  let end = 0;
  for (let place = 0; place + 2 < tokens.length; place += 3) {
    const [from = 0, to = 0, kind = 0] = tokens.subarray(place, place + 3);
    if (from > end) list.push({ text: text.slice(end, from), kind: "" });
    list.push({ text: text.slice(from, to), kind: TOKEN_CLASSES[kind] ?? "" });
    end = to;
  }
  list.push({ text: text.slice(end), kind: "" });
  return <code>{pieces(list)}</code>;
}

/** Strings, parameters, numbers and words: enough for the WHERE clauses that the compiler prints. */
const SQL = /('(?:[^'\\]|\\.)*')|(\{\w+:[^}]*\})|(\b\d+\b)|\b(AND|OR|NOT|IN|BETWEEN|LIKE|ILIKE|IS|NULL)\b/g;
const SQL_KINDS = ["string", "saved-filter", "number", "keyword"] as const;

/** A WHERE clause in colours. */
export function ColouredSql({ text }: { text: string }) {
  const list: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(SQL)) {
    const kind = SQL_KINDS[match.slice(1).findIndex((group) => group !== undefined)] ?? "";
    list.push({ text: text.slice(end, match.index), kind: "" }, { text: match[0], kind });
    end = match.index + match[0].length;
  }
  list.push({ text: text.slice(end), kind: "" });
  return <code>{pieces(list)}</code>;
}
