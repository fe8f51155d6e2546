// Types of graphs, units, both directions, comparison, files, keys, and what is live: on flows of the last day.
import { readFile } from "node:fs/promises";

import { afterAll, beforeAll, expect, inject, test } from "vitest";

import { browse, type Browser, DESKTOP, Visit } from "./browser.js";
import { folder, Service, Store } from "./service.js";

let state: Awaited<ReturnType<typeof folder>>;
let service: Service;
let browser: Browser;
let visit: Visit;

beforeAll(async () => {
  state = await folder();
  service = await Service.start(Store.at(inject("store")), { state: state.path });
  browser = await browse({ ...DESKTOP, acceptDownloads: true });
  visit = new Visit(browser);
});

afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await state?.remove();
});

/** Opens the page with results, in a day that is over, so that nothing changes meanwhile. */
async function shown(parts: Record<string, string>): Promise<void> {
  const hour = (back: number) => `${new Date(Math.floor(Date.now() / 3_600_000 - back) * 3_600_000).toISOString()}`;
  const hash = new URLSearchParams({ v: "1", run: "1", from: hour(8), to: hour(2), ...parts });
  await visit.open(`${service.url}#${hash}`);
  await visit.answered();
}

const averages = () => visit.results.locator("tbody .average").allTextContents();

/** What the service itself answers to a question. */
async function ask(question: Record<string, unknown>): Promise<unknown[][]> {
  const body = JSON.stringify(question);
  const answer = await fetch(`${service.url}api/v1/query`, { method: "POST", headers: { "content-type": "application/json" }, body });
  expect(answer.status).toBe(200);
  const lines = (await answer.text()).trim().split("\n");
  return lines.slice(1, -1).map((line) => JSON.parse(line) as unknown[]);
}

test("each type of graph is drawn, and a shared address keeps it", async () => {
  await shown({ by: "InIfProvider,SrcAS,ExporterName", limit: "20" });
  const table = await visit.results.locator("table").textContent();
  for (const type of ["stacked", "percent", "lines"]) {
    await visit.choose("As", type);
    await expect.poll(() => visit.drawn()).toBeGreaterThan(1000);
  }
  await visit.choose("As", "heatmap");
  await expect.poll(() => visit.results.locator("svg.graph rect").count()).toBeGreaterThan(500);
  await visit.choose("As", "sankey");
  const nodes = visit.results.locator("svg.sankey .node");
  await expect.poll(() => nodes.count()).toBeGreaterThan(20);
  await expect.poll(() => visit.results.locator("svg.sankey").textContent()).toContain("ExporterName");
  expect(visit.page.url()).toContain("type=sankey");
  await visit.page.reload();
  await visit.answered();
  await expect.poll(() => nodes.count()).toBeGreaterThan(20);
  // A click on a value of a column adds it to the filter.
  await nodes.filter({ hasText: "par1-edge1" }).first().click();
  await expect.poll(() => visit.text()).toBe('ExporterName = "par1-edge1"');
  await visit.page.goBack();
  await visit.choose("As", "table");
  await expect.poll(() => visit.results.locator("canvas, svg.graph").count()).toBe(0);
  await expect.poll(() => visit.results.locator("table").textContent()).toBe(table);
  expect(browser.complaints).toEqual([]);
});

test("units, ranks and cuts are those of the service", async () => {
  await shown({ by: "SrcAddr/16", unit: "l2bits", limit: "50" });
  await expect.poll(() => visit.values.count()).toBeGreaterThan(40);
  const first = await visit.values.first().textContent();
  expect(first).toMatch(/^[\d.]+\.0\.0\/16$|::\/48$/);
  // A click on a prefix asks for what lies in it.
  await visit.values.first().click();
  await expect.poll(() => visit.text()).toBe(`SrcAddr << ${first}`);
  await expect.poll(() => visit.values.count()).toBe(1);
  await visit.page.goBack();
  await expect.poll(() => visit.values.count()).toBeGreaterThan(40);
  await visit.choose("Cut SrcAddr", "");
  await visit.answered();
  await expect.poll(() => visit.values.first().textContent()).not.toContain("/");
  await shown({ by: "ExporterName,InIfName", unit: "inspeed", rank: "p95" });
  await expect.poll(async () => (await averages()).every((text) => text.endsWith(" %"))).toBe(true);
  // There is no sum of shares.
  await expect.poll(() => visit.results.locator("thead").textContent()).toBe("ExporterNameInIfNameAverageMinMaxLast95th");
  const p95 = (await visit.results.locator("tbody tr:not(.rest) .p95").allTextContents()).map((text) => parseFloat(text));
  expect(p95).toEqual([...p95].sort((a, b) => b - a));
  await visit.button("Average").click();
  const sorted = (await averages()).slice(0, -1).map((text) => parseFloat(text));
  expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
  expect(browser.complaints).toEqual([]);
});

test("both directions are shown, and the time before is compared with", async () => {
  await shown({ by: "SrcCountry", both: "1", limit: "5" });
  const ways = visit.results.locator("tbody td[aria-label]");
  await expect.poll(() => ways.allTextContents()).toEqual(expect.arrayContaining(["→", "←"]));
  await expect.poll(() => visit.drawn()).toBeGreaterThan(1000);
  await visit.page.getByLabel("both directions").uncheck();
  await visit.answered();
  await expect.poll(() => ways.count()).toBe(0);
  await visit.choose("Compare with", "hour");
  await visit.answered();
  await expect.poll(() => visit.results.locator("thead").textContent()).toContain("Change");
  const changes = await visit.results.locator("tbody td:last-child").allTextContents();
  expect(changes.every((text) => /^([+−][\d.]+ %|new|)$/.test(text)), changes.join()).toBe(true);
  await visit.results.locator(".u-over").hover();
  await expect.poll(() => visit.results.locator(".readout").textContent()).toContain("an hour before");
  expect(browser.complaints).toEqual([]);
});

test("what is shown is saved as files that hold it", async () => {
  await shown({ by: "SrcAS", limit: "5" });
  const save = async (kind: string): Promise<Buffer> => {
    const [download] = await Promise.all([visit.page.waitForEvent("download"), visit.button(kind).first().click()]);
    return readFile(await download.path());
  };
  await visit.results.locator("summary").click();
  const png = await save("PNG");
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.readUInt32BE(16)).toBe(2400);
  const svg = (await save("SVG")).toString();
  expect(svg).toContain("<polygon");
  expect(svg).not.toContain("var(");
  const names = await visit.values.allTextContents();
  for (const name of names) expect(svg).toContain(name);
  const csv = (await save("CSV")).toString().trim().split("\r\n");
  expect(csv.length).toBe(7);
  expect(csv[1]).toMatch(new RegExp(`^forward,${names[0]?.slice(2)},`));
  const lines = (await save("JSON lines")).toString().trim().split("\n");
  const first = JSON.parse(lines[0] ?? "") as { SrcAS: string; total: number; points: [number, number][] };
  expect(`AS${first.SrcAS}`).toBe(names[0]);
  // The service says the same of the whole time.
  const [from, to] = [first.points[0]![0], first.points.at(-1)![0] + first.points[1]![0] - first.points[0]![0]];
  const [top] = await ask({ filter: "", kind: "top", columns: ["SrcAS"], from, to, limit: 1 });
  expect(first.total / (Number(top?.[2]) * (to - from))).toBeCloseTo(1, 3);
  expect(browser.complaints).toEqual([]);
});

test("the keys change what is shown, and leave the editor alone", async () => {
  await shown({ by: "SrcAS" });
  await visit.results.locator("h2").click();
  const { keyboard } = visit.page;
  const url = () => visit.page.url();
  await keyboard.press("g");
  await expect.poll(url).toContain("type=percent");
  await keyboard.press("b");
  await expect.poll(url).toContain("both=1");
  const before = url();
  await keyboard.press("[");
  await expect.poll(url).not.toBe(before);
  await keyboard.press("?");
  await visit.page.getByRole("dialog", { name: "Keys" }).getByText("zoom out").waitFor();
  await keyboard.press("Escape");
  await keyboard.press("/");
  await keyboard.type("g");
  await expect.poll(() => visit.text()).toContain("g");
  expect(url()).toContain("type=percent");
  // A time is typed.
  await visit.page.getByLabel("or type it").fill("last 2 hours");
  await keyboard.press("Enter");
  await expect.poll(url).toContain("from=-2h");
  expect(browser.complaints).toEqual([]);
});

test("the present is live, and only new intervals are asked for", async () => {
  const store = await Store.create();
  const saved = await folder();
  let own: Service | undefined;
  try {
    await store.flowql("demo-data", "--rows", "20k", "--span", "14m");
    own = await Service.start(store, { state: saved.path });
    await visit.open(`${own.url}#v=1&by=SrcAS&from=-15m&unit=flows&run=1`);
    await visit.answered();
    const length = 900;
    const asked: number[] = [];
    visit.page.on("request", (request) => {
      if (!request.url().endsWith("/api/v1/query")) return;
      const { from, to, columns } = request.postDataJSON() as { from: number; to: number; columns: string[] };
      // Which exporters were silent is asked once, of the whole time.
      if (columns[0] !== "ExporterName") asked.push(to - from);
    });
    const sum = async () => {
      const totals = await visit.results.locator("tbody .total").allTextContents();
      return totals.reduce((sum, text) => sum + parseFloat(text) * (text.includes(" k ") ? 1000 : 1), 0);
    };
    const before = await sum();
    expect(before).toBeGreaterThan(1000);
    await store.flowql("demo-data", "--rows", "30k", "--span", "1m", "--seed", "2");
    // Of the flows that come, those of the newest intervals are seen.
    await expect.poll(sum).toBeGreaterThan(before + 500);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((seconds) => seconds > length / 2)).toEqual([]);
    await visit.button("Live").click();
    await expect.poll(() => visit.button("Live").getAttribute("aria-pressed")).toBe("false");
  } finally {
    await visit.page.goto("about:blank");
    await own?.stop();
    await store.remove();
    await saved.remove();
  }
});
