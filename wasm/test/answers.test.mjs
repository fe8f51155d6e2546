// Every answer is the core's: those for the corpus are compared with what `editor-answers` wrote.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { load, TOKEN_CLASSES } from "../dist/node.js";
import { corpus } from "./corpus.mjs";

const flowql = await load();

let configured = "";

/** Configures as a filter of the corpus wants it. */
function configure(configuration) {
  const wanted = JSON.stringify(configuration);
  if (wanted === configured) return;
  assert.deepEqual(flowql.configure(configuration), []);
  configured = wanted;
}

const triples = (numbers) =>
  Array.from({ length: numbers.length / 3 }, (_, index) => ({
    start: numbers[3 * index],
    end: numbers[3 * index + 1],
    class: TOKEN_CLASSES[numbers[3 * index + 2]],
  }));

/** The core's actions name no diagnostics; those here do, and each is one of the text. */
function withoutDiagnostics(actions, diagnostics) {
  return actions.map(({ diagnostic, ...action }) => {
    assert.equal(action.kind === "fix", diagnostic !== undefined);
    if (diagnostic) assert.ok(diagnostics.some((found) => isDeepStrictEqual(found, diagnostic)));
    return action;
  });
}

const { filters } = corpus();

test("there is a corpus", () => {
  assert.ok(filters.length > 1000, `${filters.length} filters`);
  assert.ok(filters.some(({ valid }) => valid) && filters.some(({ valid }) => !valid));
});

test("compilations and diagnostics", () => {
  for (const { place, text, direction, configuration, inline, bound, diagnostics } of filters) {
    configure(configuration);
    assert.deepEqual(flowql.compile(text, { direction }), inline, place);
    assert.deepEqual(flowql.compile(text, { direction, form: "bound" }), bound, place);
    assert.deepEqual(flowql.diagnostics(text), diagnostics, place);
  }
});

test("tokens", () => {
  const seen = new Set();
  for (const { place, text, configuration, tokens } of filters) {
    configure(configuration);
    const found = flowql.tokens(text);
    assert.ok(found instanceof Uint32Array);
    assert.deepEqual(triples(found), tokens, place);
    for (const { class: name } of tokens) seen.add(name);
  }
  assert.deepEqual([...seen].sort(), [...TOKEN_CLASSES].sort());
});

test("completion, hover and actions", () => {
  const kinds = new Set();
  for (const { place, text, configuration, places, diagnostics } of filters) {
    configure(configuration);
    for (const { cursor, complete, hover, actions } of places) {
      const found = flowql.complete(text, cursor);
      assert.deepEqual(found, { request: null, ...complete }, `${place} at ${cursor}`);
      assert.deepEqual(flowql.hover(text, cursor), hover, `${place} at ${cursor}`);
      const changes = withoutDiagnostics(flowql.codeActions(text, cursor), diagnostics);
      assert.deepEqual(changes, actions, `${place} at ${cursor}`);
      for (const { kind } of [...found.candidates, ...changes]) kinds.add(kind);
    }
  }
  const all = ["column", "operator", "keyword", "value", "saved-filter", "punctuation", "fix", "rewrite", "inline"];
  assert.deepEqual(all.filter((kind) => !kinds.has(kind)), []);
});

test("formatting and explanations", () => {
  for (const { place, text, direction, configuration, format, explain, valid } of filters) {
    configure(configuration);
    const formatted = flowql.format(text);
    assert.equal(formatted.text, format, place);
    assert.equal(formatted.diagnostics.length > 0, !valid, place);
    const explained = flowql.explain(text, { direction });
    assert.deepEqual(explained.lines, explain, place);
    assert.equal(explained.diagnostics.length > 0, !valid, place);
  }
});
