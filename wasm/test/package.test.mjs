// The package as its users get it: packed, installed from the tarball, in Node, in TypeScript, in a Vite project and
// in a plain page, in a real Chromium.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { browse, serve } from "./browser.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));

let folder;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "flowql-wasm-"));
  await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root });
  const [tarball] = await readdir(folder);
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "consumer", private: true, type: "module", dependencies: { "@flowql/wasm": `./${tarball}` } }),
  );
  await run("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: folder });
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test("the package holds what it needs and nothing else", async () => {
  const installed = join(folder, "node_modules/@flowql/wasm");
  assert.deepEqual((await readdir(installed)).sort(), ["LICENSE", "README.md", "dist", "package.json"]);
  const core = await readdir(join(installed, "dist/core"));
  assert.deepEqual(core.sort(), ["flowql.d.ts", "flowql.js", "flowql_bg.wasm", "registries.txt", "texts.txt"]);
});

test("in Node", async () => {
  const script = `
    import { load } from "@flowql/wasm";
    const flowql = await load();
    console.log(flowql.compile('srcas = as15169 AND DstPort = "https"').sql);`;
  await writeFile(join(folder, "node.mjs"), script);
  const { stdout } = await run(process.execPath, ["node.mjs"], { cwd: folder });
  assert.equal(stdout, "SrcAS = 15169 AND DstPort = 443\n");
});

test("with the files given, and again after one was missing", async () => {
  const script = `
    import { load } from "@flowql/wasm";
    import { readFile } from "node:fs/promises";
    const bytes = (name) => readFile(new URL(import.meta.resolve("@flowql/wasm/" + name)));
    const missing = new Response("", { status: 404 });
    console.log((await load(undefined, missing).catch((error) => error)).message);
    // What a server of a one-page application gives for files that it has not.
    const page = new Response("<!doctype html><title>FlowQL</title>");
    console.log((await load(undefined, page).catch((error) => error)).message);
    const flowql = await load(await bytes("flowql.wasm"), await bytes("registries.txt"), await bytes("texts.txt"));
    console.log(flowql.compile('DstPort = "https"').sql);`;
  await writeFile(join(folder, "given.mjs"), script);
  const { stdout } = await run(process.execPath, ["given.mjs"], { cwd: folder });
  const [failure, other, sql] = stdout.split("\n");
  assert.match(failure, /^the registries could not be read: status 404/);
  assert.equal(other, "the registries could not be read: this is a page");
  assert.equal(sql, "DstPort = 443");
});

test("in TypeScript, with exact types", async () => {
  await writeFile(
    join(folder, "consumer.ts"),
    `import { load, type Candidate, type Completions, type Diagnostic, type FlowQL } from "@flowql/wasm";
const flowql: FlowQL = await load();
const tokens: Uint32Array = flowql.tokens("SrcAS = 1");
const found: Diagnostic[] = flowql.diagnostics("SrcAS");
const completions: Completions = flowql.complete("Src", 3, [{ value: "x" }]);
const kinds: Candidate["kind"][] = completions.candidates.map(({ kind }) => kind);
const formatted = flowql.format("SrcAS=1");
if (formatted.text !== null) formatted.text.trim();
else formatted.diagnostics.map(({ fixes }) => fixes.length);
flowql.compile("SrcAS = 1", { form: "bound", direction: "reverse" }).sql?.trim();
// @ts-expect-error no such form
flowql.compile("SrcAS = 1", { form: "other" });
// @ts-expect-error no such kind
const kind: Candidate["kind"] = "other";
// @ts-expect-error nothing is \`any\`
flowql.columns()[0]!.name.nothing;
// @ts-expect-error it may be null
flowql.hover("SrcAS = 1", 1).markdown;
export { found, kind, kinds, tokens };
`,
  );
  for (const options of [
    ["--module", "NodeNext"],
    ["--module", "ESNext", "--moduleResolution", "bundler"],
  ]) {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const all = ["--noEmit", "--strict", "--target", "ES2022", "--lib", "ES2022,DOM", ...options, "consumer.ts"];
    await run(process.execPath, [tsc, ...all], { cwd: folder }).catch((error) => assert.fail(error.stdout));
  }
});

test("no type is `any`", async () => {
  const declared = (await readdir(join(folder, "node_modules/@flowql/wasm/dist"), { recursive: true })).filter((path) =>
    path.endsWith(".d.ts"),
  );
  assert.ok(declared.length >= 5, declared.join());
  for (const path of declared) {
    const text = await readFile(join(folder, "node_modules/@flowql/wasm/dist", path), "utf8");
    assert.doesNotMatch(text.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, ""), /\bany\b/, path);
  }
});

const PAGE = (script) => `<!doctype html><title>FlowQL</title><link rel="icon" href="data:,">${script}<pre></pre>`;

const MAIN = `
import { load } from "@flowql/wasm";
const flowql = await load();
document.querySelector("pre").textContent = flowql.compile('srcas = as15169 AND DstPort = "https"').sql;`;

async function works(url) {
  const { page, complaints } = browser;
  complaints.length = 0;
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector("pre")?.textContent, null, { timeout: 30_000 });
  assert.equal(await page.textContent("pre"), "SrcAS = 15169 AND DstPort = 443");
  assert.deepEqual(complaints, []);
}

test("in a plain page", async () => {
  const site = join(folder, "plain");
  await mkdir(site);
  await cp(join(folder, "node_modules/@flowql/wasm/dist"), join(site, "flowql"), { recursive: true });
  const imports = `<script type="importmap">{"imports": {"@flowql/wasm": "./flowql/index.js"}}</script>`;
  await writeFile(join(site, "index.html"), PAGE(`${imports}<script type="module">${MAIN}</script>`));
  const server = await serve(site);
  try {
    await works(server.url);
  } finally {
    await server.close();
  }
});

test("in a Vite project, built and as its development server has it", async () => {
  await writeFile(join(folder, "index.html"), PAGE(`<script type="module" src="/main.js"></script>`));
  await writeFile(join(folder, "main.js"), MAIN);
  const { build, createServer, preview } = await import("vite");
  const options = { root: folder, configFile: false, logLevel: "warn", server: { host: "127.0.0.1" } };
  await build({ ...options, build: { target: "es2022" } });
  const built = await preview({ ...options, preview: { host: "127.0.0.1", port: 0 } });
  try {
    await works(built.resolvedUrls.local[0]);
  } finally {
    await built.close();
  }
  const development = await createServer({ ...options, optimizeDeps: { exclude: ["@flowql/wasm"] } });
  try {
    await development.listen(0);
    await works(development.resolvedUrls.local[0]);
  } finally {
    await development.close();
  }
});
