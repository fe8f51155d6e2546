// Dashboards, views, one thing, single flows and the list of all actions, in Chromium on the real service.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { browse, type Browser, DESKTOP, grave, PHONE, Visit } from "./browser.js";
import { folder, Service, Store } from "./service.js";

let state: Awaited<ReturnType<typeof folder>>;
let service: Service;
let browser: Browser;
let visit: Visit;

const OURS = `title = "Ours"
description = "a file of the folder"
filter = "@ours"
from = "-24h"
ask = ["ExporterName"]

[[panel]]
title = "By AS"
by = ["SrcAS"]
limit = 5
width = "full"

[[panel]]
title = "The whole"
type = "number"
`;

beforeAll(async () => {
  state = await folder();
  await mkdir(join(state.path, "boards"));
  await writeFile(join(state.path, "boards", "ours.dashboard.toml"), OURS);
  await writeFile(join(state.path, "boards", "bad.view.toml"), "title = 'Bad'\nfilter = 'SrcASN = 1'\n");
  const config = `[console]\nfolder = "boards"\n[filters]\nours = 'InIfBoundary = external'\n`;
  service = await Service.start(Store.at(inject("store")), { state: state.path, config });
  browser = await browse({ ...DESKTOP, bypassCSP: true });
  visit = new Visit(browser);
});

afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await state?.remove();
});

async function open(hash: string): Promise<void> {
  await visit.page.goto("about:blank");
  await visit.page.goto(service.url + hash);
}

/** What the service answers to a question. */
async function ask(question: Record<string, unknown>): Promise<unknown[][]> {
  const body = JSON.stringify(question);
  const answer = await fetch(`${service.url}api/v1/query`, { method: "POST", headers: { "content-type": "application/json" }, body });
  expect(answer.status).toBe(200);
  return (await answer.text()).trim().split("\n").slice(1, -1).map((line) => JSON.parse(line) as unknown[]);
}

const panel = (name: string) => visit.page.getByRole("region", { name, exact: true });

/** Waits until all panels have their answers. */
async function answered(): Promise<void> {
  await visit.page.locator(".card").first().waitFor();
  await expect.poll(() => visit.page.locator('.card[aria-busy="true"]').count()).toBe(0);
}

const SHIPPED = ["overview", "interface", "customer", "transit-cost", "capacity", "exporters"];

test.each(SHIPPED)("the dashboard %s shows something in each panel", async (name) => {
  await open(`#dashboards&v=1&name=${name}&from=-24h`);
  await answered();
  expect(await visit.page.locator(".card .notice").allTextContents()).toEqual([]);
  const cards = visit.page.locator(".card");
  const texts = await cards.allTextContents();
  expect(texts.filter((text) => !/\d/.test(text))).toEqual([]);
  await visit.fits();
  expect(await grave(visit)).toEqual([]);
  expect(browser.complaints).toEqual([]);
});

test("a file of the folder is a dashboard, a bad one says what is wrong", async () => {
  await open("#dashboards");
  const list = visit.page.getByRole("region", { name: "Dashboards" });
  await list.getByText("at line 2: in the filter: unknown column `SrcASN`").waitFor();
  await list.getByRole("link", { name: "Ours" }).click();
  await answered();
  const values = panel("By AS").locator(".value > button:not(.exclude)");
  const [hour] = [Math.floor(Date.now() / 1000)];
  const [top] = await ask({ filter: "InIfBoundary = external", kind: "top", columns: ["SrcAS"], from: hour - 86_400, to: hour });
  expect(await values.first().textContent()).toBe(`AS${String(top?.[0])}`);
  // A click on a value narrows all panels, and is in the address.
  const whole = await panel("The whole").locator("strong").textContent();
  await values.first().click();
  await expect.poll(() => visit.page.url()).toContain(`filter=SrcAS+%3D+AS${String(top?.[0])}`.replace("%3D", "="));
  await answered();
  await expect.poll(() => values.count()).toBe(1);
  expect(await panel("The whole").locator("strong").textContent()).not.toBe(whole);
  await visit.page.goBack();
  await answered();
  await expect.poll(() => values.count()).toBeGreaterThan(1);
  // What is asked for is chosen from the values that there are.
  await visit.page.getByLabel("ExporterName").selectOption("par1-edge1");
  await expect.poll(() => visit.page.url()).toContain("par1-edge1");
  expect(browser.complaints).toEqual([]);
});

test("a dashboard is copied, changed, shown first and deleted", async () => {
  await open("#dashboards");
  const list = visit.page.getByRole("region", { name: "Dashboards" });
  await list.locator("li", { hasText: "Ours" }).getByRole("button", { name: "Make your own copy" }).click();
  const text = visit.page.getByLabel("The text of its file");
  await text.fill((await text.inputValue()).replace('"Ours"', '"Mine"').replace("limit = 5", "limit = 99"));
  await visit.page.getByLabel("Name").fill("home");
  await visit.button("Save").click();
  await visit.page.getByText(/at line \d+: `limit` must be from 1 to 50/).waitFor();
  // The browser says of it what it says of any refusal.
  expect(browser.complaints.splice(0)).toEqual([expect.stringContaining("400")]);
  await text.fill((await text.inputValue()).replace("limit = 99", "limit = 3"));
  await visit.button("Save").click();
  await list.getByRole("link", { name: "Mine" }).waitFor();
  await visit.page.getByRole("link", { name: "FlowQL" }).click();
  await answered();
  expect(await visit.page.getByRole("heading", { level: 2, name: "Mine" }).count()).toBe(1);
  await open("#dashboards");
  visit.page.once("dialog", (dialog) => void dialog.accept());
  await visit.page.getByRole("button", { name: "Delete home" }).click();
  await expect.poll(() => list.getByRole("link", { name: "Mine" }).count()).toBe(0);
  await visit.page.getByRole("link", { name: "FlowQL" }).click();
  await answered();
  expect(await visit.page.getByRole("heading", { level: 2, name: "Overview" }).count()).toBe(1);
  expect(browser.complaints).toEqual([]);
});

test("what is explored is saved as a view", async () => {
  await visit.open(`${service.url}#v=1&filter=SrcAS+=+15169&by=DstAS&type=lines&from=-24h&run=1`);
  await visit.answered();
  await visit.results.locator("summary", { hasText: "Save" }).click();
  await visit.page.getByLabel("Save as a view named").fill("google");
  await visit.button("Save view").click();
  await visit.page.getByRole("link", { name: "Saved: it is with the dashboards" }).click();
  await visit.page.getByRole("region", { name: "Dashboards" }).getByRole("link", { name: "google" }).click();
  await visit.answered();
  expect(visit.page.url()).toMatch(/filter=SrcAS\+=\+15169&by=DstAS&from=-24h&type=lines&run=1$/);
  expect(browser.complaints).toEqual([]);
});

test("a screen on a wall has no controls, and a key brings them back", async () => {
  await open("#dashboards&v=1&name=overview&wall=1");
  await answered();
  expect(await visit.page.getByRole("navigation").count()).toBe(0);
  expect(await visit.page.locator(".card table").count()).toBe(0);
  await visit.page.keyboard.press("w");
  await visit.page.getByRole("navigation").waitFor();
});

test("no more than four questions of a dashboard are asked at once", async () => {
  let [now, most] = [0, 0];
  await visit.page.route("**/api/v1/query", async (route) => {
    // Those of the panels: they are the series.
    const isPanel = (route.request().postDataJSON() as { kind: string }).kind === "series";
    if (isPanel) most = Math.max(most, ++now);
    const answer = await route.fetch();
    if (isPanel) now--;
    await route.fulfill({ response: answer });
  });
  await open("#dashboards&v=1&name=exporters&from=-24h");
  await answered();
  await visit.page.unroute("**/api/v1/query");
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});

test.each([
  ["an address", "SrcAddr", "Address"],
  ["an AS", "SrcAS", "AS"],
  ["an interface", "InIfName", "Interface"],
  ["an exporter", "ExporterName", "Exporter"],
  ["a country", "DstCountry", "Country"],
])("%s has a page of its own, one click away", async (_, column, kind) => {
  await visit.open(`${service.url}#v=1&by=${column},ExporterName&from=-24h&run=1`);
  await visit.answered();
  await visit.page.locator(".value .about").first().click();
  await answered();
  expect(await visit.page.locator(".board h2").textContent()).toMatch(kind === "AS" ? /^AS\d+$/ : new RegExp(`^${kind} .`));
  expect(await visit.page.locator(".card .notice").allTextContents()).toEqual([]);
  await visit.fits();
  expect(await grave(visit)).toEqual([]);
  await visit.page.getByRole("link", { name: "Single flows" }).last().click();
  await visit.page.getByRole("region", { name: "List of flows" }).locator("tbody tr").first().waitFor();
  expect(browser.complaints).toEqual([]);
});

test("single flows are paged through, each once, up to the last", async () => {
  const to = Math.floor(Date.now() / 1000) - 3600;
  const from = to - 150;
  const iso = (time: number) => new Date(time * 1000).toISOString();
  const expected = await ask({ filter: "Proto = 6", kind: "flows", columns: ["TimeReceived", "SrcAddr", "SrcPort", "Bytes"], from, to, limit: 10_000 });
  expect(expected.length).toBeGreaterThan(210);
  await open(`#flows&v=1&filter=Proto+=+6&columns=TimeReceived,SrcAddr,SrcPort,Bytes&from=${iso(from)}&to=${iso(to)}`);
  const rows = visit.page.getByRole("region", { name: "List of flows" }).locator("tbody tr");
  await rows.first().waitFor();
  await visit.fits();
  expect(await grave(visit)).toEqual([]);
  const more = visit.button("More flows");
  for (let before = 0; (await more.count()) > 0; ) {
    await expect.poll(() => rows.count()).toBeGreaterThan(before);
    before = await rows.count();
    if ((await more.count()) > 0) await more.click();
    await expect.poll(async () => (await more.count()) === 0 || (await more.isEnabled())).toBe(true);
  }
  await expect.poll(() => rows.count()).toBe(expected.length);
  const ports = await rows.locator("td:nth-child(3)").allTextContents();
  expect(ports.map((text) => parseInt(text)).sort()).toEqual(expected.map((row) => Number(row[2])).sort());
  expect(browser.complaints).toEqual([]);
});

test("all actions are a key and a few letters away", async () => {
  await visit.open(`${service.url}#v=1&by=SrcAS&from=-24h&run=1`);
  await visit.answered();
  await visit.page.keyboard.press("Control+k");
  const dialog = visit.page.getByRole("dialog", { name: "All actions" });
  await dialog.getByRole("option").first().waitFor();
  expect(await grave(visit)).toEqual([]);
  await visit.page.keyboard.type("draw heat");
  await visit.page.keyboard.press("Enter");
  await expect.poll(() => visit.page.url()).toContain("type=heatmap");
  await visit.page.keyboard.press("Control+k");
  await dialog.getByRole("combobox").fill("transit");
  await dialog.getByRole("option", { name: "Transit cost" }).click();
  await answered();
  expect(visit.page.url()).toContain("name=transit-cost");
  expect(browser.complaints).toEqual([]);
});

describe("on a phone, in the dark", () => {
  test.each(["#dashboards&v=1&name=overview&from=-24h", "#about&v=1&SrcAS=15169", "#dashboards"])("%s fits", async (hash) => {
    const small = await browse({ ...PHONE, colorScheme: "dark", bypassCSP: true });
    try {
      const phone = new Visit(small);
      await phone.page.goto(service.url + hash);
      await phone.page.locator(".card, .boards li").first().waitFor();
      await expect.poll(() => phone.page.locator('.card[aria-busy="true"]').count()).toBe(0);
      await phone.fits();
      expect(await grave(phone)).toEqual([]);
      expect(small.complaints).toEqual([]);
    } finally {
      await small.close();
    }
  });
});
