// The budgets: 25 µs for each question about the five-condition filter, a frame for a keystroke in 64 KiB.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { load } from "../dist/node.js";
import { browse, serve } from "./browser.mjs";
import { FIVE } from "./corpus.mjs";
import { batches, late, measure } from "./measure.mjs";

test("speed in Node", async () => {
  const all = batches(await load(), FIVE);
  const run = (name) => {
    all[name].run();
    return all[name].calls;
  };
  const clock = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  const times = await measure(run, clock);
  console.log("Node, µs:", times);
  assert.deepEqual(late(times), []);
});

test("speed in Chromium", async () => {
  const site = await mkdtemp(join(tmpdir(), "flowql-speed-"));
  await cp(new URL("../dist", import.meta.url), join(site, "flowql"), { recursive: true });
  await cp(new URL("measure.mjs", import.meta.url), join(site, "measure.mjs"));
  await writeFile(join(site, "index.html"), '<!doctype html><title>speed</title><link rel="icon" href="data:,">');
  const server = await serve(site);
  const browser = await browse();
  try {
    const { page, context } = browser;
    await page.goto(server.url);
    await page.evaluate(async (filter) => {
      const { load } = await import("/flowql/index.js");
      const { batches } = await import("/measure.mjs");
      window.batches = batches(await load(), filter);
    }, FIVE);
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const clock = async () => {
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "TaskDuration").value * 1e6;
    };
    const run = (name) =>
      page.evaluate((name) => {
        window.batches[name].run();
        return window.batches[name].calls;
      }, name);
    const times = await measure(run, clock);
    console.log("Chromium, µs:", times);
    assert.deepEqual(late(times), []);
  } finally {
    await browser.close();
    await server.close();
    await rm(site, { recursive: true, force: true });
  }
});
