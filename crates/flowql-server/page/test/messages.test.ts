// What stands in the way of an answer: each says so, and what to do.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";

import { browse, type Browser, DESKTOP, Visit } from "./browser.js";
import { folder, Service, Store } from "./service.js";

let state: Awaited<ReturnType<typeof folder>>;
let service: Service | undefined;
let browser: Browser;
let visit: Visit;

beforeAll(async () => {
  browser = await browse(DESKTOP);
  visit = new Visit(browser);
});

afterAll(() => browser?.close());

beforeEach(async () => {
  state = await folder();
  browser.complaints.length = 0;
});

afterEach(async () => {
  // The page would go on asking a service that is gone, and complain in the middle of the next test.
  await visit.page.goto("about:blank");
  await service?.stop();
  service = undefined;
  await state.remove();
});

const filled = () => Store.at(inject("store"));

const notice = (title: string) => visit.page.getByRole("alert").filter({ hasText: title });

test("no backend", async () => {
  service = await Service.start(filled(), { state: state.path, backend: "none" });
  await visit.open(`${service.url}#q=SrcAS%20%3D%20AS15169`);
  await notice("This service has no backend that knows flows").getByText("flowql serve --backend embedded").waitFor();
  await expect.poll(() => visit.meaning.locator(".sql").textContent()).toBe("SrcAS = 15169");
  await visit.button("Run").click();
  await notice("This service has no backend that knows flows").waitFor();
  expect(browser.complaints).toEqual([]);
});

test("an empty store, until it is filled", async () => {
  const store = await Store.create();
  try {
    service = await Service.start(store, { state: state.path });
    await visit.open(service.url);
    const empty = notice("The store is empty").getByText("flowql demo-data");
    await empty.waitFor();
    await visit.button("Run").click();
    await empty.waitFor();
    // Tables without flows are no better.
    await store.flowql("tables", "create");
    await visit.button("Run").click();
    await visit.results.getByText("The store is empty").waitFor();
    await store.fill("20k");
    await visit.run();
    await expect.poll(() => visit.values.count()).toBe(10);
    expect(browser.complaints).toEqual([]);
  } finally {
    await service?.stop();
    await store.remove();
  }
});

test("a filter that matches nothing", async () => {
  service = await Service.start(filled(), { state: state.path });
  await visit.open(`${service.url}#q=SrcAS%20%3D%20AS64999&run=1`);
  await notice("No flow matches").getByText("Take a condition away, or a longer time").waitFor();
  expect(browser.complaints).toEqual([]);
});

test("a time without flows", async () => {
  service = await Service.start(filled(), { state: state.path });
  await visit.open(`${service.url}#from=2099-01-01T00:00:00Z&to=2099-01-01T06:00:00Z&run=1`);
  await notice("No flow of this time is in the store").waitFor();
  await visit.button("Show the time before it").click();
  await expect.poll(() => visit.values.count()).toBe(10);
  expect(browser.complaints).toEqual([]);
});

test("a query that times out", async () => {
  const store = filled();
  service = await Service.start(store, { state: state.path, config: "[backend]\ndeadline = 2\n" });
  await visit.open(`${service.url}#q=InIfBoundary%20%3D%20external`);
  await visit.meaning.getByText("flows_1m0s", { exact: true }).waitFor();
  const { pid } = JSON.parse(await readFile(join(store.folder, "flowql/store/engine.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGSTOP");
  try {
    await visit.button("Run").click();
    await notice("The query took too long").getByText("Take a shorter time").waitFor();
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await visit.run();
  await expect.poll(() => visit.values.count()).toBe(10);
});

test("a query that the visitor stops", async () => {
  const store = filled();
  service = await Service.start(store, { state: state.path });
  await visit.open(service.url);
  await visit.meaning.getByText("flows_1m0s", { exact: true }).waitFor();
  const { pid } = JSON.parse(await readFile(join(store.folder, "flowql/store/engine.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGSTOP");
  try {
    await visit.button("Run").click();
    await visit.button("Stop").click();
    await visit.results.getByText("Stopped before the answer came").waitFor();
  } finally {
    process.kill(pid, "SIGCONT");
  }
});
