// The package as its users get it: both tarballs in a fresh Vite project and in a plain page, in a real Chromium.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { build, createServer, preview } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

import { browse, serve } from "../../../wasm/test/browser.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const wasm = fileURLToPath(new URL("../../../wasm", import.meta.url));

let folder: string;
let browser: Awaited<ReturnType<typeof browse>>;

const MAIN = `
import { basicSetup, EditorView } from "codemirror";
import { flowql } from "@flowql/codemirror";
window.view = new EditorView({ doc: "SrcAS == 1", extensions: [basicSetup, flowql()], parent: document.body });`;

const PAGE = (script: string): string =>
  `<!doctype html><html lang="en"><title>FlowQL</title><link rel="icon" href="data:,"><body>${script}</body></html>`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flowql-packages-"));
  for (const cwd of [wasm, root]) await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd });
  const tarballs = await readdir(folder);
  const tarball = (name: string): string => `./${tarballs.find((file) => file.includes(name))}`;
  const { devDependencies } = createRequire(import.meta.url)("../package.json") as { devDependencies: Record<string, string> };
  const peers = Object.entries(devDependencies).filter(([name]) => /^(@codemirror|@lezer|codemirror)/.test(name));
  const dependencies = {
    ...Object.fromEntries(peers),
    "@flowql/wasm": tarball("wasm"),
    "@flowql/codemirror": tarball("codemirror"),
  };
  const manifest = { name: "consumer", private: true, type: "module", dependencies };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await run("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: folder });
  await writeFile(join(folder, "main.js"), MAIN);
  await writeFile(join(folder, "index.html"), PAGE(`<script type="module" src="/main.js"></script>`));
  browser = await browse();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function works(url: string): Promise<void> {
  const { page, complaints } = browser;
  complaints.length = 0;
  await page.goto(url);
  const squiggle = page.locator(".cm-lintRange-error");
  await squiggle.waitFor({ timeout: 30_000 }).catch((error: unknown) => expect.fail(`${error}\n${complaints.join("\n")}`));
  expect(await squiggle.textContent()).toBe("==");
  // Colours as well: one compiler and one CodeMirror.
  await page.locator(".cm-line span", { hasText: /^1$/ }).waitFor();
  expect(complaints).toEqual([]);
}

test("the package holds what it needs and nothing else", async () => {
  const installed = join(folder, "node_modules/@flowql/codemirror");
  expect((await readdir(installed)).sort()).toEqual(["LICENSE", "README.md", "dist", "package.json"]);
  const { dependencies, peerDependencies } = createRequire(import.meta.url)(join(installed, "package.json")) as {
    dependencies?: object;
    peerDependencies: object;
  };
  expect(dependencies).toBeUndefined();
  for (const name of Object.keys(peerDependencies)) expect(name).toMatch(/^(@codemirror\/|@lezer\/|@flowql\/wasm$)/);
});

test("in a Vite project, built and as its development server has it", async () => {
  const options = { root: folder, configFile: false, logLevel: "warn" } as const;
  await build({ ...options, build: { target: "es2022" } });
  const built = await preview({ ...options, preview: { host: "127.0.0.1", port: 0 } });
  try {
    await works(built.resolvedUrls!.local[0]!);
  } finally {
    await built.close();
  }
  const development = await createServer({
    ...options,
    server: { host: "127.0.0.1" },
    optimizeDeps: { exclude: ["@flowql/wasm"] },
  });
  try {
    await development.listen(0);
    await works(development.resolvedUrls!.local[0]!);
  } finally {
    await development.close();
  }
}, 120_000);

test("in a plain page with an import map", async () => {
  // Each package's own module, as a page without a bundler has it.
  const require = createRequire(join(folder, "main.js"));
  const modules = join(folder, "node_modules");
  const names = (await readdir(modules, { recursive: true }))
    .filter((path) => /^(@[^/]+\/)?[^@/.][^/]*\/package\.json$/.test(path))
    .map((path) => dirname(path));
  const imports: Record<string, string> = {};
  for (const name of names) {
    const { exports, module } = require(join(modules, name, "package.json")) as {
      module?: string;
      exports?: { import?: string; "."?: { default?: string; import?: string } };
    };
    const file = exports?.["."]?.default ?? exports?.import ?? exports?.["."]?.import ?? module;
    if (file) imports[name] = `/node_modules/${name}/${file.replace(/^\.\//, "")}`;
  }
  const scripts = `<script type="importmap">${JSON.stringify({ imports })}</script><script type="module">${MAIN}</script>`;
  await mkdir(join(folder, "plain"));
  await writeFile(join(folder, "plain/index.html"), PAGE(scripts));
  const server = await serve(folder);
  try {
    await works(`${server.url}plain/`);
  } finally {
    await server.close();
  }
  expect(imports["@flowql/codemirror"]).toBe("/node_modules/@flowql/codemirror/dist/index.js");
});
