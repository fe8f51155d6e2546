import { expect, test } from "vitest";

import { amount, share } from "../src/amounts.js";
import { type Answer, type Cell } from "../src/api.js";
import { selection, text } from "../src/ask.js";
import { INITIAL, read, timeRange, write } from "../src/state.js";

test("what is written into the address is read again", () => {
  const states = [
    INITIAL,
    { ...INITIAL, filter: 'SrcAS = AS15169 AND InIfName = "é#&=%+"', run: true },
    { ...INITIAL, filter: "a\nb", from: "2026-01-02T03:04:00.000Z", to: "2026-01-02T04:04:00.000Z", by: ["SrcAS", "Proto"] },
    { ...INITIAL, unit: "flows" as const, from: "-7d" },
  ];
  for (const state of states) expect(read(write(state))).toEqual(state);
  expect(write(INITIAL)).toBe("");
});

test("an address that somebody has spoiled is read as far as it goes", () => {
  expect(read("#by=<b>,SrcAS,,x y,Proto,DstAS&unit=apples&from=&run=yes")).toEqual({ ...INITIAL, by: ["SrcAS", "Proto"] });
  expect(read("%%%")).toEqual(INITIAL);
});

test("times become seconds, and never end before they begin", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  const end = now / 1000;
  expect(timeRange({ from: "-6h", to: "now" }, now)).toEqual({ from: end - 21_600, to: end });
  expect(timeRange({ from: "2026-01-01T00:00:00Z", to: "2026-01-01T01:00:00Z" }, now)).toEqual({ from: end - 86_400, to: end - 82_800 });
  expect(timeRange({ from: "nonsense", to: "nonsense" }, now)).toEqual({ from: end - 1, to: end });
  expect(timeRange({ from: "now", to: "1900-01-01" }, now)).toEqual({ from: 0, to: 1 });
});

test.each([
  [0, "bits", "0 bit/s"],
  [999, "bits", "999 bit/s"],
  [999.9, "bits", "1.00 kbit/s"],
  [12_345, "bits", "12.3 kbit/s"],
  [1_234_567_890, "bits", "1.23 Gbit/s"],
  [4500, "packets", "4.50 k packets/s"],
  [7, "flows", "7 flows"],
] as const)("%d %s is %s", (value, unit, expected) => {
  expect(amount(value, unit)).toBe(expected);
});

test("shares have one digit", () => {
  expect([0, 0.0004, 0.1234, 1].map(share)).toEqual(["0.0 %", "< 0.1 %", "12.3 %", "100.0 %"]);
});

test("values read as a filter writes them", () => {
  expect(["::ffff:192.0.2.1", "2001:db8::1", 15169, null, ["a", "b"]].map((cell) => text(cell as Cell))).toEqual([
    "192.0.2.1",
    "2001:db8::1",
    "15169",
    "",
    "a b",
  ]);
});

test("a top and a series become a table and a chart", () => {
  const plan = { table: "flows", reason: "", sql: "", interval: 60 };
  const answer = (columns: string[], rows: Cell[][]): Answer => ({ columns: columns.map((name) => ({ name, kind: "" })), rows, plan });
  const top = answer(["SrcAS", "SrcASName", "bits", "packets", "share"], [[1, "One", 60, 6, 0.6], [2, "", 30, 3, 0.3]]);
  const series = answer(
    ["time", "SrcAS", "SrcASName", "bits"],
    [[60, 1, "One", 6], [0, 1, "One", 5], [0, 2, "", 3], [60, null, null, 1]],
  );
  const found = selection(top, series, ["SrcAS"], "bits");
  expect(found.rows.map(({ values, labels, amount }) => [values, labels, amount])).toEqual([[[1], ["One"], 60], [[2], [""], 30]]);
  expect(found.rest.share).toBeCloseTo(0.1);
  expect(found.rest.amount).toBeCloseTo(10);
  expect(found.times).toEqual([0, 60]);
  expect(found.lines).toEqual([
    { label: "AS1 One", values: [5, 6] },
    { label: "AS2", values: [3, 0] },
    { label: "all others", values: [0, 1] },
  ]);
});
