// The ten tasks of a network engineer, each in clicks, and its answer compared with what `flowql query` says.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

import type { Locator } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";

import { browse, type Browser, DESKTOP, Visit } from "./browser.js";
import { folder, PROGRAM, Service, Store } from "./service.js";

let state: Awaited<ReturnType<typeof folder>>;
let service: Service;
let browser: Browser;
let visit: Visit;
let store: Store;
let clicks = 0;

beforeAll(async () => {
  state = await folder();
  store = Store.at(inject("store"));
  service = await Service.start(store, { state: state.path });
  browser = await browse(DESKTOP);
  visit = new Visit(browser);
});

afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await state?.remove();
});

beforeEach(async () => {
  clicks = 0;
  await visit.open(service.url);
});

async function click(what: Locator): Promise<void> {
  clicks++;
  await what.click();
}

/** Chooses from a list: it is opened, and one of it is taken. */
async function choose(what: Locator, value: string): Promise<void> {
  clicks += 2;
  await what.selectOption(value);
}

const link = (name: string) => visit.page.getByRole("link", { name, exact: true });
/** A dashboard of the list. */
const board = (name: string) => visit.page.getByRole("region", { name: "Dashboards" }).getByRole("link", { name, exact: true });
/** The list of values that a dashboard asks for. */
const asking = (column: string) => visit.page.getByRole("combobox", { name: column, exact: true });
const panel = (name: string) => visit.page.getByRole("region", { name, exact: true });
const firstOf = (name: string) => panel(name).locator(".value > button:not(.exclude)").first();

async function answered(): Promise<void> {
  await visit.page.locator(".card").first().waitFor();
  await expect.poll(() => visit.page.locator('.card[aria-busy="true"]').count()).toBe(0);
}

/** The rows that `flowql query` prints. */
async function query(filter: string, ...words: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await promisify(execFile)(PROGRAM, ["--quiet", "query", filter, ...words, "--format", "json"], {
    cwd: store.folder,
    env: store.env,
    maxBuffer: 64 << 20,
  });
  return (JSON.parse(stdout) as { rows: Record<string, unknown>[] }).rows;
}

/** The filter of a page of one thing. */
const filterOf = async (): Promise<string> => (await visit.page.locator(".board p code").textContent()) ?? "";

test("1: this port is full: who?", async () => {
  await click(link("Dashboards"));
  await click(board("Capacity"));
  await answered();
  await click(panel("In").locator("tbody th a").first());
  await answered();
  const [top] = await query(await filterOf(), "--top", "SrcAS", "--from", "-24h", "--limit", "1");
  expect(await firstOf("With whom").textContent()).toBe(`AS${String(top?.SrcAS)}`);
  expect(clicks).toBeLessThanOrEqual(3);
});

test("2: since when, and is it usual?", async () => {
  await visit.open(`${service.url}#v=1&by=InIfName&from=-6h&run=1`);
  await visit.answered();
  await choose(visit.page.getByRole("combobox", { name: "Compare with" }), "hour");
  await visit.answered();
  await expect.poll(() => visit.results.locator("thead").textContent()).toContain("Change");
  const changes = await visit.results.locator("tbody td:last-child").allTextContents();
  expect(changes.some((text) => /[+−]\d/.test(text))).toBe(true);
  expect(clicks).toBeLessThanOrEqual(2);
});

test("3: customer X says it is slow: is it an attack?", async () => {
  await click(link("Dashboards"));
  await click(board("Customer"));
  await answered();
  const asked = asking("DstNetName");
  await expect.poll(() => asked.locator("option").count()).toBeGreaterThan(1);
  const name = (await asked.locator("option").nth(1).textContent()) ?? "";
  await choose(asked, name);
  await answered();
  const [top] = await query(`DstNetName = "${name}"`, "--top", "Proto", "--by", "packets", "--from", "-24h", "--limit", "1");
  await expect.poll(() => firstOf("Packets").textContent()).toBe(String(top?.Proto));
  expect(clicks).toBeLessThanOrEqual(4);
});

test("4: what do we pay, and whom should we peer with?", async () => {
  await click(link("Dashboards"));
  await click(board("Transit cost"));
  await answered();
  const start = new Date();
  const from = new Date(start.getFullYear(), start.getMonth(), 1).toISOString();
  const to = new Date(Math.floor(Date.now() / 300_000) * 300_000).toISOString();
  const words = ["--top", "InIfProvider", "--rank", "p95", "--step", "5m", "--from", from, "--to", to];
  const [top] = await query('InIfConnectivity = "transit"', ...words, "--limit", "1");
  const row = panel("95th percentile of the month, by provider").locator("tbody tr", { hasText: String(top?.InIfProvider) });
  const text = (await row.locator(".number").first().textContent()) ?? "";
  const unit = text.includes("Gbit") ? 1e9 : text.includes("Mbit") ? 1e6 : text.includes("kbit") ? 1e3 : 1;
  // Of a month with few points, the 95th percentile is 0, here and there.
  expect(Math.abs(parseFloat(text) * unit - Number(top?.bits_p95))).toBeLessThanOrEqual(0.01 * Number(top?.bits_p95));
  const [peer] = await query('InIfConnectivity = "transit"', "--top", "SrcAS", "--rank", "p95", "--from", "-7d", "--points", "150", "--limit", "1");
  expect(await firstOf("Whom to peer with: most traffic over transit").textContent()).toBe(`AS${String(peer?.SrcAS)}`);
  expect(clicks).toBeLessThanOrEqual(2);
});

test("5: what if this link fails?", async () => {
  await click(link("Dashboards"));
  await click(board("Interface"));
  await answered();
  const asked = asking("InIfName");
  await expect.poll(() => asked.locator("option").count()).toBeGreaterThan(1);
  const name = (await asked.locator("option").nth(1).textContent()) ?? "";
  await choose(asked, name);
  await answered();
  // What crosses it is what must go elsewhere.
  const [top] = await query(`InIfName = "${name}"`, "--top", "DstAS", "--from", "-24h", "--limit", "1");
  await expect.poll(() => firstOf("Who receives").textContent()).toBe(`AS${String(top?.DstAS)}`);
  expect(clicks).toBeLessThanOrEqual(4);
});

test("6: show my boss: a picture, a table, a link that works next year", async () => {
  await click(visit.page.getByRole("button", { name: /All of it, by country/ }));
  await visit.answered();
  await click(visit.results.locator("summary", { hasText: "Save" }));
  clicks += 2;
  const [png] = await Promise.all([visit.page.waitForEvent("download"), visit.button("PNG").click()]);
  expect((await readFile(await png.path())).subarray(1, 4).toString()).toBe("PNG");
  const [csv] = await Promise.all([visit.page.waitForEvent("download"), visit.button("CSV").first().click()]);
  const [top] = await query("", "--top", "SrcCountry", "--from", "-6h", "--limit", "1");
  expect((await readFile(await csv.path())).toString().split("\r\n")[1]).toContain(String(top?.SrcCountry));
  expect(visit.page.url()).toContain("#v=1&");
  expect(clicks).toBeLessThanOrEqual(4);
});

test("7: is the exporter alive?", async () => {
  await click(link("Dashboards"));
  await click(board("Exporters"));
  await answered();
  const rows = await query("", "--top", "ExporterName", "--by", "flows", "--from", "-24h", "--limit", "10");
  const shown = await panel("Flows").locator(".value > button:not(.exclude)").allTextContents();
  expect([...shown].sort()).toEqual(rows.map((row) => String(row.ExporterName)).sort());
  expect(clicks).toBeLessThanOrEqual(2);
});

test("8: a screen on the wall", async () => {
  await click(link("FlowQL"));
  await answered();
  await click(visit.button("Wall screen"));
  await expect.poll(() => visit.page.getByRole("navigation").count()).toBe(0);
  await answered();
  expect(await visit.page.locator(".card canvas").count()).toBeGreaterThan(1);
  expect(clicks).toBeLessThanOrEqual(2);
});

test("9: write the incident down", async () => {
  await visit.open(`${service.url}#v=1&filter=Proto+=+17&by=DstAddr&from=-6h&run=1`);
  await visit.answered();
  await click(visit.results.locator("summary", { hasText: "Save" }));
  clicks++;
  await visit.page.getByLabel("Save as a view named").fill("incident-1");
  await click(visit.button("Save view"));
  await click(link("Saved: it is with the dashboards"));
  await click(link("incident-1"));
  await visit.answered();
  expect(await visit.text()).toBe("Proto = 17");
  expect(clicks).toBeLessThanOrEqual(5);
});

test("10: give me the flows", async () => {
  const to = Math.floor(Date.now() / 1000) - 600;
  const [from, until] = [to - 60, to].map((time) => new Date(time * 1000).toISOString());
  await visit.open(`${service.url}#v=1&filter=SrcPort+=+443&by=SrcAS&from=${from}&to=${until}&run=1`);
  await visit.answered();
  await click(link("Single flows"));
  const rows = visit.page.getByRole("region", { name: "List of flows" }).locator("tbody tr");
  const found = await query("SrcPort = 443", "--flows", "--from", from!, "--to", until!, "--limit", "10000");
  expect(found.length).toBeGreaterThan(5);
  await expect.poll(() => rows.count()).toBe(found.length);
  expect(clicks).toBeLessThanOrEqual(2);
  expect(browser.complaints).toEqual([]);
});
