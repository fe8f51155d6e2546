// Flows as they are written: a real collector, to which the simulator sends.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { browse, type Browser, DESKTOP, grave, path, PHONE, Visit } from "./browser.js";
import { folder, freeTcp, freeUdp, PROGRAM, Service, Store } from "./service.js";

let data: Awaited<ReturnType<typeof folder>>;
let store: Store;
let simulator: ChildProcess;
let up: ChildProcess;
let browser: Browser;
let visit: Visit;
let http: string;
let flows: string;

const step = path();

/** Both in one process, at the same addresses each time. */
async function start(): Promise<void> {
  const words = ["--no-config", "up", "--http", http, "--listen", flows, "--data", data.path];
  up = spawn(PROGRAM, words, { cwd: store.folder, env: store.env, stdio: "ignore" });
  const look = async () => expect((await fetch(`http://${http}/readyz`)).ok).toBe(true);
  await vi.waitFor(look, { timeout: 120_000 });
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill();
  await exit;
}

const list = () => visit.page.getByRole("region", { name: "Flows as they come" });
const rows = () => list().locator("tbody tr");
const status = () => list().getByRole("status").textContent();

/** The texts of a column, from the top. */
const column = (place: number) => list().locator(`tbody td:nth-child(${place}) .value > button:first-child`).allTextContents();

/** What the page says was counted. */
async function counted(): Promise<Record<string, number>> {
  const entries = await list().getByRole("group", { name: "What was counted" }).locator("dl > div").evaluateAll((all) =>
    all.map((one) => [one.querySelector("dt")?.textContent ?? "", Number(one.querySelector("dd")?.textContent?.replaceAll(",", ""))] as const),
  );
  return Object.fromEntries(entries);
}

beforeAll(async () => {
  [data, store] = [await folder(), await Store.create()];
  [http, flows] = [`127.0.0.1:${await freeTcp()}`, `127.0.0.1:${await freeUdp()}`];
  await start();
  simulator = spawn(PROGRAM, ["simulate", "--target", flows, "--rate", "200", "--exporters", "2"], { stdio: "ignore" });
  browser = await browse(DESKTOP);
  visit = new Visit(browser);
});

afterAll(async () => {
  await browser?.close();
  await end(simulator);
  await end(up);
  await store?.remove();
  await data?.remove();
});

step("flows come by themselves, and what is left out is said", async () => {
  await visit.open(`http://${http}/`);
  await visit.page.getByRole("link", { name: "Tail", exact: true }).click();
  await expect.poll(() => rows().count()).toBeGreaterThan(20);
  expect(await list().getByRole("columnheader").allTextContents()).toContain("SrcAddr");
  // The simulator sends more than a sample has.
  await list().getByText("at most 20 flows a second").waitFor();
  const { written, selected, shown, "left out": leftOut } = await counted();
  expect([selected, shown! + leftOut!]).toEqual([written, written]);
  expect(written).toBeGreaterThan(shown!);
  expect(await status()).toBe("watching");
});

step("a filter is watched with the keyboard alone", async () => {
  await visit.page.keyboard.press("/");
  await visit.type("Proto = \"udp\"");
  await expect.poll(status).toMatch(/before you changed it/);
  await visit.page.keyboard.press("Escape");
  await visit.page.keyboard.press("Control+Enter");
  await expect.poll(status).toBe("watching");
  await expect.poll(async () => (await counted()).shown).toBeGreaterThan(5);
  await expect.poll(async () => new Set(await column(7))).toEqual(new Set(["17"]));
  const { written, selected } = await counted();
  expect(selected).toBeLessThan(written!);
  expect(new URL(visit.page.url()).hash).toBe("#tail&v=1&filter=Proto+=+%22udp%22");
});

step("a pause keeps the list, and what came is there afterwards", async () => {
  await visit.button("Pause").click();
  await expect.poll(status).toBe("paused");
  const before = await rows().allTextContents();
  await list().getByText(/^\d+ wait$/).waitFor();
  const { written } = await counted();
  await expect.poll(async () => (await counted()).written).toBeGreaterThan(written!);
  expect(await rows().allTextContents()).toEqual(before);
  await visit.button("Continue").click();
  await expect.poll(async () => (await rows().allTextContents())[0]).not.toBe(before[0]);
  await visit.button("Pause").click();
  await visit.button("Clear the list").click();
  await expect.poll(() => rows().count()).toBe(0);
  await visit.button("Continue").click();
});

step("a click on a value narrows the filter, and “back” undoes it", async () => {
  await expect.poll(() => rows().count()).toBeGreaterThan(5);
  await list().locator("tbody tr").nth(2).hover();
  await expect.poll(status).toBe("held while you point at it");
  const exporter = list().locator("tbody tr:nth-child(3) td:nth-child(2) .value > button:first-child");
  const name = await exporter.textContent();
  await exporter.click();
  await expect.poll(() => visit.text()).toBe(`Proto = "udp" AND ExporterName = "${name}"`);
  await expect.poll(async () => new Set(await column(2))).toEqual(new Set([name]));
  await visit.page.mouse.move(0, 0);
  await expect.poll(status).toBe("watching");
  await visit.page.goBack();
  await expect.poll(() => visit.text()).toBe('Proto = "udp"');
  await expect.poll(async () => new Set(await column(2)).size).toBe(2);
});

step("columns are chosen, and one that is not known is named", async () => {
  const heads = () => list().getByRole("columnheader").allTextContents();
  await visit.button("Without the column SrcPort").click();
  await expect.poll(heads).not.toContain("SrcPort");
  await visit.choose("Add a column", "SrcAS");
  await expect.poll(heads).toContain("SrcAS");
  await expect.poll(async () => (await column(9)).filter((text) => /^AS\d+$/.test(text)).length).toBeGreaterThan(5);
  await visit.open(`http://${http}/#tail&v=1&filter=Proto+=+%22udp%22&columns=SrcAddr,Nope`);
  await list().getByRole("alert").getByText("There is no column Nope.").waitFor();
  await visit.button("Without Nope").click();
  await expect.poll(status).toBe("watching");
  await expect.poll(heads).toEqual(["SrcAddr"]);
  // The browser itself tells of a question that is refused.
  expect(browser.complaints.filter((text) => !text.includes("400"))).toEqual([]);
  browser.complaints.length = 0;
});

step("errors of a filter are listed, and the one before them is watched", async () => {
  const { written } = await counted();
  await visit.editor.click();
  await visit.page.keyboard.press("End");
  await visit.type(" AND DstPort = nope");
  await visit.page.getByRole("list", { name: "Problems" }).locator(".error").first().waitFor();
  expect(await visit.button("Watch").isDisabled()).toBe(true);
  await expect.poll(async () => (await counted()).written).toBeGreaterThan(written!);
  await visit.open(`http://${http}/#tail&filter=DstPort+=+nope`);
  await visit.page.getByRole("list", { name: "Problems" }).locator(".error").first().waitFor();
  await list().getByText("The filter has errors.").waitFor();
  expect(browser.complaints).toEqual([]);
});

step("after an outage it is watched by itself, and the gap is in the list", async () => {
  await visit.open(`http://${http}/#tail&v=1&filter=Proto+=+%22udp%22`);
  await expect.poll(() => rows().count()).toBeGreaterThan(5);
  await end(up);
  await list().getByRole("alert").getByText("The collector does not answer").waitFor();
  await start();
  await expect.poll(status).toBe("watching");
  await list().getByText(/^not watched from /).waitFor();
  await expect.poll(async () => (await list().locator("tbody tr:first-child").getAttribute("class")) ?? "").not.toContain("rest");
  browser.complaints.length = 0;
});

step("without a collector it says where flows are watched", async () => {
  const state = await folder();
  const service = await Service.start(store, { state: state.path });
  try {
    await visit.open(`${service.url}#tail`);
    await list().getByRole("alert").getByText("This service has no collector").waitFor();
    await visit.page.getByRole("link", { name: "Flows", exact: true }).click();
    await visit.results.or(visit.meaning).first().waitFor();
  } finally {
    await service.stop();
    await state.remove();
  }
});

describe.each([
  ["desktop", DESKTOP],
  ["phone", PHONE],
] as const)("%s", (_size, size) => {
  test.each(["light", "dark"] as const)("%s: nothing hidden, nothing illegible", async (colorScheme) => {
    const own = await browse({ ...size, colorScheme, bypassCSP: true });
    try {
      const other = new Visit(own);
      await other.open(`http://${http}/#tail`);
      await expect.poll(() => other.page.locator(".tail tbody tr").count()).toBeGreaterThan(10);
      await other.button("Pause").click();
      await other.fits();
      expect(await grave(other)).toEqual([]);
      expect(own.complaints).toEqual([]);
    } finally {
      await own.close();
    }
  });
});
