// What the live tail reads, keeps and writes, without a browser.
import { expect, test } from "vitest";

import { EventReader } from "../src/events.js";
import { type Counts, isGap, MOST_ROWS, Seen, valueOf } from "../src/seen.js";
import { tailOf } from "../src/state.js";
import { delay, isPassing, readTail, type Tailing, USUAL, writeTail } from "../src/tailing.js";

const counts = (written: number, selected: number, shown: number, unseen = 0): Counts => ({
  written,
  selected,
  shown,
  left_out: selected - shown,
  unseen,
});

test("events are read, however they are cut", () => {
  const stream = 'data: {"a":1}\n\nevent: counts\ndata:{"b":2}\n\n: alive\n\ndata: x\r\ndata:  y\r\nid: 7\r\n\r\ndata\n\ndata: half';
  const events = [
    { name: "message", data: '{"a":1}' },
    { name: "counts", data: '{"b":2}' },
    { name: "message", data: "x\n y" },
    { name: "message", data: "" },
  ];
  for (let length = 1; length <= stream.length; length++) {
    const reader = new EventReader();
    const read = [];
    for (let place = 0; place < stream.length; place += length) read.push(...reader.push(stream.slice(place, place + length)));
    expect(read, `in pieces of ${length}`).toEqual(events);
  }
});

test("what has no end is no stream of events", () => {
  const reader = new EventReader();
  const piece = "x".repeat(1024 * 1024);
  expect(() => {
    for (let megabytes = 0; megabytes < 10; megabytes++) reader.push(piece);
  }).toThrow(RangeError);
});

test("what is written into the address is read again", () => {
  const states: Tailing[] = [
    USUAL,
    { ...USUAL, filter: 'SrcAS = 1 AND InIfName = "é#&=%+"\nAND DstPort IN (80, 443)' },
    { filter: "DstPort = 53", columns: ["SrcAddr", "DstAddr"], rate: 500 },
    { ...USUAL, rate: 7 },
  ];
  for (const state of states) expect(readTail(writeTail(state))).toEqual(state);
  expect(writeTail(USUAL)).toBe("#tail");
  expect(writeTail({ ...USUAL, filter: "DstPort = 53" })).toBe("#tail&v=1&filter=DstPort+=+53");
  for (const filter of ["", "DstPort = 53", "a&b"]) expect(writeTail({ ...USUAL, filter })).toBe(tailOf(filter));
});

test("what is no such thing in an address is as usual", () => {
  for (const rest of ["rate=0", "rate=1001", "rate=1.5", "rate=x", "columns=", "columns=,", "columns=%3Cscript%3E"]) {
    expect(readTail(`#tail&${rest}`), rest).toEqual(USUAL);
  }
  expect(readTail("#tail&columns=A,B,A").columns).toEqual(["A", "B"]);
  const many = Array.from({ length: 1000 }, (_, number) => `C${number}`);
  expect(readTail(`#tail&columns=${many.join()}`).columns.length).toBeLessThan(100);
});

test("the newest flow is the first, once it is released, and the oldest go", () => {
  const seen = new Seen();
  seen.begin(["Bytes"], 0);
  const bytes = () => seen.rows.map((row) => (isGap(row) ? "gap" : row.flow.Bytes));
  for (const number of [1, 2, 3]) seen.flow({ Bytes: number });
  expect([bytes(), seen.waiting]).toEqual([[], 3]);
  seen.release();
  expect([bytes(), seen.waiting]).toEqual([[3, 2, 1], 0]);
  for (let number = 4; number <= 3 * MOST_ROWS; number++) seen.flow({ Bytes: number });
  expect(seen.waiting).toBe(MOST_ROWS);
  seen.release();
  expect(bytes()).toEqual(Array.from({ length: MOST_ROWS }, (_, place) => 3 * MOST_ROWS - place));
  expect(new Set(seen.rows.map(({ key }) => key)).size).toBe(MOST_ROWS);
  seen.clear();
  expect(seen.rows).toEqual([]);
});

test("counts are summed over connections, and the time between them is said", () => {
  const seen = new Seen();
  // Before the first connection nothing is missed.
  seen.end(500);
  seen.begin(["Bytes"], 1000);
  seen.flow({ Bytes: 1 });
  seen.count(counts(5, 2, 1));
  seen.count(counts(10, 4, 2, 1));
  seen.end(2000);
  seen.end(3000);
  seen.begin(["Bytes"], 4000);
  seen.count(counts(7, 7, 7, 2));
  expect(seen.counts).toEqual({ written: 17, selected: 11, shown: 9, left_out: 2, unseen: 3 });
  // Other columns are a connection of their own, without a gap.
  seen.begin(["Packets"], 5000);
  seen.count(counts(1, 1, 1));
  expect(seen.counts.written).toBe(18);
  seen.release();
  expect(seen.rows.map((row) => (isGap(row) ? [row.from, row.to] : row.flow))).toEqual([[2000, 4000], { Bytes: 1 }]);
});

test("what did not come is zero, empty, or not known", () => {
  const row = { key: 1, flow: { SrcAddr: "::ffff:192.0.2.1", DstASPath: [1, 2] }, columns: ["SrcAddr", "Bytes", "InIfName", "InIfBoundary", "DstASPath"] };
  expect(valueOf(row, "SrcAddr", "IPv6")).toBe("192.0.2.1");
  expect(valueOf(row, "DstASPath", "Array(UInt32)")).toBe("1 2");
  expect(valueOf(row, "Bytes", "UInt64")).toBe("0");
  expect(valueOf(row, "InIfName", "LowCardinality(String)")).toBe("");
  expect(valueOf(row, "InIfBoundary", "Enum8('undefined' = 0)")).toBeNull();
  expect(valueOf(row, "Packets", "UInt64"), "it was not asked for").toBeNull();
});

test("only what may change by itself is asked again, more and more rarely", () => {
  expect(["bad_filter", "bad_request", "unknown_host"].map(isPassing)).toEqual([false, false, false]);
  expect(["unreachable", "ended", "broken_off", "no_collector", "overloaded", "too_fast", "502"].every(isPassing)).toBe(true);
  expect([0, 1, 2].map(delay)).toEqual([1000, 2000, 4000]);
  expect(delay(1000)).toBe(10_000);
});
