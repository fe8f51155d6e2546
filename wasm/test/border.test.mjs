// What crosses the border: offsets, values handed back, the configuration.
import assert from "node:assert/strict";
import { test } from "node:test";

import { FlowQL, load } from "../dist/node.js";

const flowql = await load();

test("offsets are in UTF-16", () => {
  const text = 'ExporterName = "\u{1F600}é" AND SrcAS == 1';
  const [found] = flowql.diagnostics(text);
  assert.equal(text.slice(found.start, found.end), "==");
  assert.deepEqual([found.line, found.column, found.end_column], [1, 31, 33]);
  const [edit] = found.fixes[0].edits;
  assert.equal(text.slice(0, edit.start) + edit.text + text.slice(edit.end), text.replace("==", "="));
  const hover = flowql.hover(text, text.indexOf("SrcAS") + 1);
  assert.equal(text.slice(hover.start, hover.end), "SrcAS");
  const typed = 'ExporterName = "\u{1F600}" AND Src';
  const { replace, candidates } = flowql.complete(typed, typed.length);
  assert.equal(typed.slice(replace.start, replace.end), "Src");
  assert.equal(candidates[0].label, "SrcAS");
  // A lone surrogate is one unit here and elsewhere.
  const broken = 'ExporterName = "\uD83D" AND SrcASN = 1';
  const [unknown] = flowql.diagnostics(broken);
  assert.equal(broken.slice(unknown.start, unknown.end), "SrcASN");
});

test("a request is handed out, and its answers are handed back", () => {
  const text = 'InIfBoundary = external AND ExporterName IN ("edge1", "e';
  const { request, candidates } = flowql.complete(text, text.length);
  assert.deepEqual(request, {
    column: "ExporterName",
    operator: "IN",
    prefix: "e",
    exclude: ["edge1"],
    rest: "InIfBoundary = external",
    quoted: true,
  });
  assert.ok(candidates.every(({ kind }) => kind !== "value"));
  const values = [{ value: 'e"2', detail: "Paris\nFR" }, { value: "edge1" }, { value: "bad\nline" }, { value: "e3" }];
  const answer = flowql.complete(text, text.length, values);
  assert.deepEqual(answer.request, request);
  assert.deepEqual(
    answer.candidates.filter(({ kind }) => kind === "value"),
    [
      { label: 'e"2', kind: "value", detail: "Paris FR", documentation: "", insert: '"e\\"2"' },
      { label: "e3", kind: "value", detail: "", documentation: "", insert: '"e3"' },
    ],
  );
  assert.equal(flowql.complete("SrcAS", 5).request, null);
});

test("the configuration shapes the language", () => {
  const other = new FlowQL();
  assert.equal(other.diagnostics("SrcVlan = 10")[0].code, "E102");
  const errors = other.configure({
    schema: {
      enable: ["L2"],
      materialize: ["SrcNetPrefix"],
      column: [{ name: "DstAddrRole", type: "string", description: "role of the destination" }],
    },
    communities: { "65000:666": "our-blackhole" },
    filters: { customers: 'DstNetRole = "customers"' },
  });
  assert.deepEqual(errors, []);
  assert.equal(other.compile("SrcVlan = 10").sql, "SrcVlan = 10");
  assert.equal(other.compile('@customers AND DstAddrRole = "x"').sql, "(DstNetRole = 'customers') AND DstAddrRole = 'x'");
  assert.equal(other.compile("DstCommunities = our-blackhole").sql, "has(DstCommunities, 4259840666)");
  assert.equal(other.columns().find(({ name }) => name === "DstAddrRole").description, "role of the destination");
  // Each has its own.
  assert.equal(flowql.diagnostics("@customers")[0].code, "E301");
});

test("a bad configuration changes nothing and says all that is wrong", () => {
  const other = new FlowQL();
  assert.deepEqual(other.configure({ filters: { a: "SrcAS = 1" } }), []);
  const errors = other.configure({
    schema: { enable: ["SrcVlam"], column: [{ name: "x y", type: "string" }] },
    communities: { nonsense: "x" },
    filters: { "1x": "SrcAS = 1" },
  });
  assert.deepEqual(errors.map(({ path }) => path), [
    "filters.1x",
    "schema.column[0].name",
    "schema.enable[0]",
    "communities.nonsense",
  ]);
  assert.match(errors[2].help, /SrcVlan/);
  assert.equal(other.compile("@a").sql, "(SrcAS = 1)");
});

test("the columns have all that a page shows of them", () => {
  const column = (name) => flowql.columns().find((column) => column.name === name);
  assert.deepEqual(column("SrcAS").operators, ["=", "!=", "IN", "NOTIN", "BETWEEN", "NOT BETWEEN"]);
  assert.equal(column("SrcAS").type, "asn");
  assert.deepEqual([column("TimeReceived").type, column("TimeReceived").operators], [null, []]);
  assert.deepEqual([column("SrcVlan").enabled, column("SrcAddr").main_only], [false, true]);
});

test("the value of a parameter keeps every digit", () => {
  const { sql, parameters } = flowql.compile("SrcPort = 18446744073709551615 AND DstPort = 80", { form: "bound" });
  assert.deepEqual(parameters, { p0: "18446744073709551615", p1: 80 }, sql);
});

test("a selected part becomes a saved filter", () => {
  const text = 'ExporterName = "\u{1F600}" AND (SrcAS = 1 OR SrcAS = 2)';
  const start = text.indexOf("(");
  const { edits, new_filter } = flowql.codeActions(text, start, text.length).find(({ kind }) => kind === "extract");
  assert.deepEqual(edits, [{ start, end: text.length, text: "@extracted" }]);
  assert.deepEqual(new_filter, { name: "extracted", text: "SrcAS = 1 OR SrcAS = 2" });
  // Either end may come first.
  assert.deepEqual(flowql.codeActions(text, text.length, start), flowql.codeActions(text, start, text.length));
});

test("a saved filter is joined to a filter", () => {
  const language = new FlowQL();
  assert.deepEqual(language.configure({ filters: { peers: "SrcAS = 2" } }), []);
  assert.equal(language.withSaved("SrcAS = 1 -- ours", "peers"), "SrcAS = 1 -- ours\n AND @peers");
  assert.equal(language.withSaved("SrcAS =", "peers"), null);
});

test("a filter is narrowed to a value", () => {
  assert.equal(flowql.narrow("SrcAS = 1 OR DstAS = 2", "Proto", "6"), '(SrcAS = 1 OR DstAS = 2) AND Proto = 6');
  assert.equal(flowql.narrow("", "DstPort", "443", true), "DstPort != 443");
  assert.equal(flowql.narrow("SrcAS =", "DstPort", "443"), null);
  assert.equal(flowql.narrow("", "Nothing", "443"), null);
});
