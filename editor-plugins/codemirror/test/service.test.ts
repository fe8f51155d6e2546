// The sources of values against the real service, `flowql serve`, in a real Chromium.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

import { browse, menuIsReady, serve } from "../../../wasm/test/browser.mjs";
import { akvoradoService, flowqlService } from "../src/http.js";

const PROGRAM = process.env.FLOWQL ?? fileURLToPath(new URL("../../../target/debug/flowql", import.meta.url));

let folder: string;
let site: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof browse>>;
let service: ChildProcess;
let url: string;

/** The address of a service, once it says so in its log. */
async function address(process: ChildProcess): Promise<string> {
  const seen: string[] = [];
  for await (const line of createInterface({ input: process.stderr! })) {
    seen.push(line);
    const found = /"address":"([^"]+)"/.exec(line);
    if (found && line.includes("listening")) return `http://${found[1]}`;
  }
  throw new Error(seen.join("\n"));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flowql-service-"));
  const root = fileURLToPath(new URL("page", import.meta.url));
  const outDir = join(folder, "site");
  await build({ root, configFile: false, logLevel: "warn", build: { outDir, emptyOutDir: true, target: "es2022" } });
  site = await serve(outDir);
  await writeFile(join(folder, "flowql.toml"), `[server]\ncors_origins = ["${site.url.slice(0, -1)}"]\n`);
  await writeFile(join(folder, "values.toml"), '[columns]\nExporterName = ["edge1", "edge2", "core"]\n');
  const options = ["--listen", "127.0.0.1:0", "--data", "data", "--backend", "static", "--values", "values.toml"];
  service = spawn(PROGRAM, ["serve", ...options], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  url = await address(service);
  service.stderr?.resume();
  browser = await browse();
});

afterAll(async () => {
  service?.kill();
  await browser?.close();
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["flowql", flowqlService],
  ["akvorado", akvoradoService],
] as const)("%s: the service gives the values of its backend", async (_name, make) => {
  const filter = 'ExporterName = "ed';
  const request = { column: "ExporterName", operator: "=", prefix: "ed", exclude: [], rest: "", quoted: true };
  const answer = await make({ url })(request, { filter, cursor: filter.length, signal: new AbortController().signal });
  const values = "values" in answer && Array.isArray(answer.values) ? answer.values : [];
  expect(values.map(({ value }: { value: string }) => value)).toEqual(["edge1", "edge2"]);
});

test.each(["flowql", "akvorado"] as const)("%s: the editor offers them", async (values) => {
  const { page, complaints } = browser;
  complaints.length = 0;
  await page.goto(site.url);
  await page.waitForFunction(() => window.flowqlTest !== undefined);
  await page.evaluate(([values, url]) => window.flowqlTest.create({ values, url, timeout: 120_000 }), [values, url] as const);
  await page.keyboard.type("ExporterName = ed", { delay: 20 });
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "edge2" }).waitFor();
  await menuIsReady(page);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => window.flowqlTest.text())).toBe('ExporterName = "edge2"');
  expect(complaints).toEqual([]);
});
