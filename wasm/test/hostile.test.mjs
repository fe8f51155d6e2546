// No text, however hostile, reaches a trap: an instance that trapped once stays broken.
import assert from "node:assert/strict";
import { test } from "node:test";

import initialise from "../dist/core/flowql.js";
import { load } from "../dist/node.js";
import { corpus, fuzz, long } from "./corpus.mjs";

const flowql = await load();
const { filters, hostile } = corpus();

/** Asks everything of a text; any exception fails the test. */
function ask(text) {
  const cursors = [0, 1, text.length >> 1, text.length, text.length + 9, -1, NaN, 2 ** 40];
  flowql.compile(text, { form: "bound", direction: "reverse", database: "a'b" });
  flowql.diagnostics(text);
  flowql.tokens(text);
  flowql.format(text);
  flowql.explain(text);
  for (const cursor of text.length > 4096 ? cursors.slice(2, 4) : cursors) {
    flowql.complete(text, cursor, [{ value: text.slice(0, 50), detail: text.slice(50, 99) }, { value: "x" }]);
    flowql.hover(text, cursor);
    flowql.codeActions(text, cursor, text.length);
  }
}

function askAll(texts) {
  assert.ok(texts.length > 0);
  for (const text of texts) ask(text);
  // Still in working order.
  assert.equal(flowql.compile("srcas = as1").sql, "SrcAS = 1");
}

test("the seeds of the fuzz targets", () => askAll(fuzz()));

test("the hostile texts", () => askAll(hostile));

test("the corpus, each filter cut in two at some place, and with something put in there", () => {
  const texts = filters.map(({ text }) => text).filter((text) => text.length < 400);
  const junk = ["(", '"', "/*", "NOT ", "\u{1F600}", "\uD800", "\0", ",", " IN (", "@"];
  askAll(
    texts.flatMap((text, number) => {
      const at = (number * 7) % (text.length + 1);
      return [text.slice(0, at), text.slice(at), text.slice(0, at) + junk[number % junk.length] + text.slice(at)];
    }),
  );
});

test("deep nesting", () => {
  const texts = [149, 150, 151, 1000, 30_000].flatMap((depth) => [
    "(".repeat(depth) + "SrcAS = 1" + ")".repeat(depth),
    "NOT ".repeat(depth) + "SrcAS = 1",
    "NOT (".repeat(depth / 2) + "SrcAS = 1" + ")".repeat(depth / 2),
    "(SrcAS = 1 AND ".repeat(depth),
    "SrcAS = 1 OR (".repeat(depth),
    "(".repeat(depth),
  ]);
  askAll(texts);
  assert.ok(flowql.compile("(".repeat(150) + "SrcAS = 1" + ")".repeat(150)).sql !== null);
  assert.equal(flowql.diagnostics("(".repeat(151) + "SrcAS = 1" + ")".repeat(151))[0].code, "E002");
});

test("saved filters that nest deeply and refer to each other", () => {
  const saved = Object.fromEntries(Array.from({ length: 200 }, (_, level) => [`f${level}`, `NOT (@f${level + 1})`]));
  const other = FlowQLWith({ ...saved, f200: "SrcAS = 1", loop: "@loop AND @pool", pool: "@loop" });
  for (const text of ["@f0", "@f120", "@loop", "@f0 OR ".repeat(2000) + "@loop", "(".repeat(140) + "@f150"]) {
    other.compile(text);
    other.explain(text);
    other.complete(`${text} AND @`, text.length + 6);
    other.codeActions(text, 0, 3);
  }
  assert.equal(other.compile("SrcAS = 1").sql, "SrcAS = 1");
});

function FlowQLWith(filters) {
  const other = new flowql.constructor();
  assert.deepEqual(other.configure({ filters }), []);
  return other;
}

test("texts far beyond every limit", () => {
  for (const unit of ["(", "SrcAS = 1 AND ", "é", "\u{1F600}\u{1F600}", '"'.repeat(7), "a,"]) {
    const text = unit.repeat(Math.ceil((2 ** 21) / unit.length));
    assert.equal(flowql.diagnostics(text)[0].code, "E001");
    assert.equal(flowql.compile(text).sql, null);
    flowql.tokens(text);
    flowql.complete(text, text.length);
    flowql.hover(text, text.length);
  }
  assert.equal(flowql.compile("SrcAS = 1").sql, "SrcAS = 1");
});

test("the memory does not grow with the number of calls", async () => {
  const { memory } = await initialise();
  const texts = filters.map(({ text }) => text).filter((text) => text.length < 400);
  const calls = [
    (text) => flowql.compile(text),
    (text) => flowql.diagnostics(text),
    (text) => flowql.tokens(text),
    (text) => flowql.complete(text, text.length, [{ value: text.slice(0, 9), detail: text }]),
    (text) => flowql.hover(text, text.length >> 1),
    (text) => flowql.configure({ filters: { a: text } }),
  ];
  const ask = () => texts.forEach((text) => calls.forEach((call) => call(text)));
  ask();
  const before = memory.buffer.byteLength;
  for (let called = 0; called < 100_000; called += texts.length * calls.length) ask();
  assert.equal(memory.buffer.byteLength, before);
  assert.deepEqual(flowql.configure({}), []);
});

test("the length limit is in bytes and can be set", () => {
  assert.ok(flowql.compile(long(65_000)).sql);
  assert.equal(flowql.diagnostics(long(70_000))[0].code, "E001");
  const other = new flowql.constructor();
  assert.deepEqual(other.configure({ limits: { length: 2 ** 20 } }), []);
  assert.ok(other.compile(long(2 ** 20)).sql);
  assert.equal(other.diagnostics(long(2 ** 20 + 999))[0].code, "E001");
  assert.equal(other.configure({ limits: { length: 2 ** 20 + 1 } })[0].path, "limits.length");
  assert.equal(other.configure({ limits: { length: 0 } })[0].path, "limits.length");
});
