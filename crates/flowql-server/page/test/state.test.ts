import { expect, test } from "vitest";

import { amount, change, share, total } from "../src/amounts.js";
import { type Answer, type Cell } from "../src/api.js";
import { labelOf, selection, text } from "../src/ask.js";
import { delimited } from "../src/delimited.js";
import { commandLine, curl } from "../src/commands.js";
import { keyed } from "../src/keys.js";
import { INITIAL, read, type State, write } from "../src/state.js";
import { scaled, shifted, timeRange, typed } from "../src/times.js";

test("what is written into the address is read again", () => {
  const states = [
    INITIAL,
    { ...INITIAL, filter: 'SrcAS = AS15169 AND InIfName = "é#&=%+"', run: true },
    { ...INITIAL, filter: "a\nb", from: "2026-01-02T03:04:00.000Z", to: "2026-01-02T04:04:00.000Z", by: ["SrcAS", "Proto"] },
    { ...INITIAL, unit: "flows", from: "-7d" },
    { ...INITIAL, by: ["SrcAddr/24/56", "DstPort", "Proto"], type: "sankey", unit: "inspeed", rank: "p95", limit: 50 },
    { ...INITIAL, both: true, compare: "week", type: "lines" },
  ] satisfies State[];
  for (const state of states) expect(read(write(state))).toEqual(state);
  expect(write(INITIAL)).toBe("");
  // It is read by people too.
  const filter = "SrcAS = AS15169 AND DstPort IN (80, 443)";
  expect(write({ ...INITIAL, filter, by: ["SrcAddr/24"], run: true })).toBe(
    "#v=1&filter=SrcAS+=+AS15169+AND+DstPort+IN+(80,+443)&by=SrcAddr/24&run=1",
  );
});

test("an address of before there were versions is still read", () => {
  const address = "#q=SrcAS+%3D+AS15169%0AAND+DstPort+%3D+53&from=-1h&by=SrcCountry%2CProto&unit=packets&run=1";
  expect(read(address)).toEqual({
    ...INITIAL,
    filter: "SrcAS = AS15169\nAND DstPort = 53",
    from: "-1h",
    by: ["SrcCountry", "Proto"],
    unit: "packets",
    run: true,
  });
});

test.each([
  ["6 hours ago", "-6h", "now"],
  ["last 3 days", "-3d", "now"],
  ["-90m", "-90m", "now"],
  ["2 weeks ago to 1 week ago", "-2w", "-1w"],
  ["today", "2026-03-18T00:00", "now"],
  ["Yesterday", "2026-03-17T00:00", "2026-03-18T00:00"],
  ["last week", "2026-03-09T00:00", "2026-03-16T00:00"],
  ["this month", "2026-03-01T00:00", "now"],
  ["last month", "2026-02-01T00:00", "2026-03-01T00:00"],
  ["last year", "2025-01-01T00:00", "2026-01-01T00:00"],
  ["2026-01-31", "2026-01-31T00:00", "2026-02-01T00:00"],
  ["2026-01-31 10:00 to 12:30", "2026-01-31T10:00", "2026-01-31T12:30"],
  ["2026-01-31 10:00 .. 2026-02-01", "2026-01-31T10:00", "2026-02-01T00:00"],
])("one types %s for a time", (text, from, to) => {
  const time = (moment: string) => (/^\d/.test(moment) ? new Date(moment).toISOString() : moment);
  expect(typed(text, new Date("2026-03-18T15:20").getTime())).toEqual({ from: time(from), to: time(to) });
});

test("what is not a time is not taken for one", () => {
  const now = new Date("2026-03-18T15:20").getTime();
  for (const text of ["", "soon", "now", "6 parsecs ago", "2026-13-01", "2026-02-01 to 2026-01-01", "2030-01-01", "1 to 2 to 3"]) {
    expect(typed(text, now), text).toBeNull();
  }
});

test("the time is shifted and scaled, and never ends after now", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  const hours = (times: { from: string; to: string }) => {
    const { from, to } = timeRange(times, now);
    return [from - now / 1000, to - now / 1000].map((seconds) => seconds / 3600);
  };
  const last = { from: "-6h", to: "now" };
  expect(hours(shifted(last, -0.5, now))).toEqual([-9, -3]);
  expect(hours(shifted(shifted(last, -0.5, now), 0.5, now))).toEqual([-6, 0]);
  expect(hours(shifted(last, 0.5, now))).toEqual([-6, 0]);
  expect(scaled(last, 2, now)).toEqual({ from: "-43200s", to: "now" });
  expect(hours(scaled(shifted(last, -1, now), 0.5, now))).toEqual([-10.5, -7.5]);
  expect(keyed("[", { ...INITIAL }, now)).toEqual(shifted(INITIAL, -0.5, now));
  expect(keyed("g", { ...INITIAL, type: "table" }, now)).toEqual({ type: "stacked" });
  expect(keyed("x", INITIAL, now)).toBeNull();
});

test("the command and the call ask for the same", () => {
  const question = { ...INITIAL, filter: "InIfName = \"it's\"", by: ["SrcAS", "SrcAddr/24"], both: true, from: "-1h" };
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(commandLine(question, now)).toBe(
    "flowql query 'InIfName = \"it'\\''s\"' --series --top SrcAS,SrcAddr/24 --by bits --rank average --limit 10 --points 150 " +
      "--from 2026-01-01T23:00:00Z --to 2026-01-02T00:00:00Z --both",
  );
  expect(curl(question, now, "http://127.0.0.1:8080/")).toMatch(
    /^curl http:\/\/127\.0\.0\.1:8080\/api\/v1\/query --json '\{"filter":"InIfName = \\"it'\\''s\\"","columns":\["SrcAS","SrcAddr\/24"\],.*"kind":"series","points":150\}'$/,
  );
});

test("an address that somebody has spoiled is read as far as it goes", () => {
  expect(read("#by=<b>,SrcAS,,x y,Proto,DstAS&unit=apples&from=&run=yes")).toEqual({ ...INITIAL, by: ["SrcAS", "Proto", "DstAS"] });
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
  [7, "flows", "7 flows/s"],
  [0.1234, "inspeed", "12.3 %"],
  [2_000_000, "l2bits", "2 Mbit/s"],
] as const)("%d %s is %s", (value, unit, expected) => {
  expect(amount(value, unit)).toBe(expected);
});

test("shares have one digit", () => {
  expect([0, 0.0004, 0.1234, 1].map(share)).toEqual(["0.0 %", "< 0.1 %", "12.3 %", "100.0 %"]);
});

test("sums are in bytes, changes in percent", () => {
  expect([total(8e9, "bits"), total(1234, "packets"), total(7, "flows")]).toEqual(["1 GB", "1.23 k packets", "7 flows"]);
  expect([change(3, 2), change(1, 4), change(5, null), change(0, null)]).toEqual(["+50 %", "−75 %", "new", ""]);
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

const PLAN = { table: "flows", reason: "", sql: "", interval: 60, from: 0, to: 180, diagnostics: [] };
const SERIES: Cell[][] = [
  ["forward", 0, 1, "One", 6],
  ["forward", 0, 2, "", 3],
  ["forward", 60, 1, "One", 12],
  ["forward", 60, null, null, 9],
  ["forward", 120, 1, "One", 0],
  ["reverse", 0, 7, "=Seven", 1],
];

/** What an answer with these rows becomes. */
function selected(unit: State["unit"], now = 1_000_000): ReturnType<typeof selection> {
  const columns = ["direction", "time", "SrcAS", "SrcASName", unit].map((name) => ({ name, kind: "" }));
  const answer: Answer = { columns, rows: SERIES, plan: PLAN };
  return selection(answer, { ...INITIAL, unit }, now);
}

test("a series becomes rows with their statistics", () => {
  const found = selected("bits");
  expect(found.times).toEqual([0, 60, 120]);
  expect(found.rows.map((row) => [row.direction, labelOf(row, found.columns), row.points])).toEqual([
    ["forward", "AS1 One", [6, 12, 0]],
    ["forward", "AS2", [3, 0, 0]],
    ["forward", "all others", [0, 9, 0]],
    ["reverse", "AS7 =Seven", [1, 0, 0]],
  ]);
  const [{ min, average, max, last, p95, total, share } = found.rows[1]!] = found.rows;
  expect({ min, average, max, last, p95, total, share }).toEqual({ min: 0, average: 6, max: 12, last: 0, p95: 12, total: 1080, share: 0.6 });
  // The last point is of 30 s so far: the one before is the last whole one, and what was counted is a rate.
  const early = selected("flows", 150_000);
  expect(early.lengths).toEqual([60, 60, 30]);
  expect(early.rows[0]).toMatchObject({ points: [0.1, 0.2, 0], last: 0.2, total: 18 });
});

test("a table is copied in three forms", () => {
  const found = selected("bits");
  const [csv, tsv, markdown] = (["csv", "tsv", "markdown"] as const).map((format) => delimited(found, format).trim().split(/\r?\n/));
  expect(csv?.slice(0, 2)).toEqual(["direction,SrcAS,SrcASName,unit,average,min,max,last,p95,total,share", "forward,1,One,bits,6,0,12,0,12,1080,0.6"]);
  // A spreadsheet takes no text for a formula.
  expect(csv?.at(-1)).toMatch(/^reverse,7,'=Seven,bits,/);
  expect(tsv?.[2]?.split("\t").slice(0, 3)).toEqual(["forward", "2", ""]);
  expect(markdown?.[1]).toBe(`|${" --- |".repeat(11)}`);
});
