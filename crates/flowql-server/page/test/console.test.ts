// What the pages of dashboards, of single things and of single flows make of answers.
import { describe, expect, test } from "vitest";

import type { Answer } from "../src/api.js";
import { holes, month } from "../src/billing.js";
import { all, questionOf, quoted, type Panel, readShown, Turns, viewOf, writeShown } from "../src/boards.js";
import { roughly, trend, until } from "../src/capacity.js";
import { silent } from "../src/silence.js";
import { readListing, writeListing } from "../src/listing.js";
import { paged } from "../src/paging.js";
import { INITIAL } from "../src/state.js";
import { aboutOf, opposite, panelsOf, readThing, writeThing } from "../src/things.js";

const PANEL: Panel = {
  title: "t", description: "", filter: "SrcAS = 1 -- one", by: ["SrcAS"], type: "stacked", unit: "bits", rank: "average",
  limit: 10, both: false, compare: "", width: "half", from: "", to: "",
};

describe("dashboards", () => {
  test("the filters of a panel hold together, comments or not", () => {
    expect(all(["", " "])).toBe("");
    expect(all(["", "A = 1"])).toBe("A = 1");
    const { filter, from } = questionOf(PANEL, ["DstAS = 2 OR DstAS = 3", ""], { from: "-1h", to: "now" });
    expect(filter).toBe("(DstAS = 2 OR DstAS = 3\n) AND (SrcAS = 1 -- one\n)");
    expect(from).toBe("-1h");
    expect(questionOf({ ...PANEL, type: "number", from: "-7d" }, [], { from: "-1h", to: "now" })).toMatchObject({ by: [], from: "-7d" });
  });

  test("an address is read as it was written", () => {
    const shown = { name: "x", source: "own" as const, filter: "A = 'b'", from: "-1h", to: "now", wall: true };
    globalThis.location = { search: "" } as Location;
    expect(readShown(writeShown(shown))).toEqual(shown);
  });

  test("texts are written as TOML reads them", () => {
    expect(quoted('SrcNetName = "a"')).toBe(`'SrcNetName = "a"'`);
    expect(quoted("it's\nnew")).toBe('"it\'s\\nnew"');
    expect(viewOf("v", { ...INITIAL, both: true }, "heatmap")).toContain("type = 'heatmap'\nunit = 'bits'\nrank = 'average'\nlimit = 10\nboth = true\n");
  });

  test("so many questions are asked at once, and the others in their turn", async () => {
    const turns = new Turns(2);
    let [now, most] = [0, 0];
    const ask = async () => {
      most = Math.max(most, ++now);
      await new Promise((done) => setTimeout(done, 1));
      now--;
    };
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 9 }, () => turns.take(signal, ask)));
    expect(most).toBe(2);
    // One that is stopped, or fails, leaves its turn to the next.
    await expect(turns.take(AbortSignal.abort(), ask)).rejects.toThrow();
    await expect(turns.take(signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await Promise.all([1, 2, 3].map(() => turns.take(signal, ask)));
  });
});

describe("billing", () => {
  test("a month is one of the calendar, that of now up to the last whole point", () => {
    const now = new Date(2026, 2, 10, 12, 3, 20).getTime();
    const [february, march] = [new Date(2026, 1, 1), new Date(2026, 2, 1)].map((date) => date.getTime() / 1000);
    expect(month(1, now)).toEqual({ from: february, to: march });
    expect(month(0, now)).toEqual({ from: march, to: new Date(2026, 2, 10, 12, 0).getTime() / 1000 });
    expect(month(2, new Date(2026, 0, 31).getTime()).from).toBe(new Date(2025, 10, 1).getTime() / 1000);
  });

  test("points without traffic are named", () => {
    const traffic = [1, 0, 0, 2, 0].map((forward, place): [number, { forward: number; reverse: number }] => [place * 300, { forward, reverse: 0 }]);
    expect(holes(new Map(traffic), 300)).toEqual({ missing: 3, gaps: [{ from: 300, to: 900 }, { from: 1200, to: 1500 }] });
  });
});

describe("capacity", () => {
  const day = 86_400;
  test("a trend is of the largest point of each day", () => {
    const times = Array.from({ length: 8 }, (_, place) => (place * day) / 2);
    const line = trend(times, [0.1, 0.5, 0.1, 0.6, 0.1, 0.7, 0.1, 0.8]);
    expect(line!.slope * day).toBeCloseTo(0.1);
    expect(until(line!, 1)! / day).toBeCloseTo(2);
    expect(trend(times.slice(0, 4), [1, 2, 3, 4])).toBeNull();
    expect(until({ now: 0.5, slope: -1 }, 1)).toBeNull();
    expect(until({ now: 1.1, slope: -1 }, 1)).toBe(0);
  });

  test("a time to come is said roughly", () => {
    expect([null, 0, day, 6 * day, 30 * day, 300 * day].map(roughly)).toEqual([
      "not within two years", "now", "in 1 day", "in 6 days", "in 4 weeks", "in 10 months",
    ]);
  });
});

describe("single flows", () => {
  const answer = (times: number[]): Answer =>
    ({ columns: [{ name: "TimeReceived", kind: "" }], rows: times.map((time) => [time]), plan: {} }) as unknown as Answer;

  test("a page ends between two seconds", () => {
    expect(paged(answer([9, 8, 8]), 5)).toMatchObject({ next: null, rows: [[9], [8], [8]] });
    expect(paged(answer([9, 9, 8]), 3)).toMatchObject({ next: 9, rows: [[9], [9]] });
    // One second has more than was asked for: more is asked for.
    expect(paged(answer([9, 9, 9]), 3)).toMatchObject({ next: 9, rows: [], isCut: false });
    expect(paged(answer(Array.from({ length: 10_000 }, () => 9)), 10_000)).toMatchObject({ isCut: true });
  });

  test("an address is read as it was written", () => {
    const listing = { filter: "A = 1", columns: ["SrcAddr", "Bytes"], from: "-5m", to: "now" };
    expect(readListing(writeListing(listing))).toEqual(listing);
    expect(writeListing(readListing("#flows"))).toBe("#flows");
  });
});

describe("things", () => {
  test("an address names them, and an interface its exporter too", () => {
    expect(aboutOf("InIfName", "xe-0/0/0", "edge1")).toBe("#about&v=1&InIfName=xe-0/0/0&ExporterName=edge1");
    const thing = { conditions: [["SrcAddr", "2001:db8::1"]] as [string, string][], from: "-1h", to: "now" };
    expect(readThing(writeThing(thing))).toEqual(thing);
  });

  test("what is asked of one looks at the other end", () => {
    expect([opposite("SrcAddr"), opposite("OutIfName"), opposite("Proto")]).toEqual(["DstAddr", "InIfName", "Proto"]);
    const by = (column: string) => panelsOf(column).map((panel) => panel.by);
    expect(by("SrcAddr")).toContainEqual(["DstAS"]);
    expect(by("DstAS")).toContainEqual(["SrcAddr/24"]);
    expect(panelsOf("OutIfName")[0]).toMatchObject({ by: ["ExporterName", "OutIfName"], unit: "outspeed" });
  });
});

test("exporters that were silent are named, but not to who sees a part", () => {
  const points = new Map([
    ["well", [true, true, true, true, true]],
    ["gap", [true, true, false, true, true]],
    ["gone", [true, true, false, false, false]],
    ["never", [false, false, false, false, false]],
    // The first and the last point may be parts.
    ["late", [false, true, true, true, false]],
  ]);
  expect(silent(points, 600, false).map(({ text }) => text)).toEqual([
    "gap sent nothing for about 10 min of this time",
    "gone has sent nothing for about 30 min at the end of this time",
  ]);
  expect(silent(points, 600, true).map(({ text }) => text)).toEqual(["2 exporters sent nothing for a part of this time"]);
});
