// Says how much script the page loads, after brotli, and fails where that is more than it may be.
import { readdirSync, readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

/** What the first screen may load, and all that is loaded later, in bytes. */
const FIRST = 170_000;
const LATER = 60_000;

const assets = new URL("dist/assets/", import.meta.url);
const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
const text = (name) => readFileSync(new URL(name, assets), "utf8");
const sizes = new Map(scripts.map((name) => [name, brotliCompressSync(text(name)).length]));

// What the document names, and what these import at once.
const html = readFileSync(new URL("dist/index.html", import.meta.url), "utf8");
const first = new Set(scripts.filter((name) => html.includes(name)));
for (const name of first) {
  for (const [, imported] of text(name).matchAll(/\bfrom\s*"\.\/([^"]+\.js)"/g)) first.add(imported);
  for (const [, imported] of text(name).matchAll(/\bimport\s*"\.\/([^"]+\.js)"/g)) first.add(imported);
}

const sum = (names) => [...names].reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
const [now, later] = [sum(first), sum(scripts.filter((name) => !first.has(name)))];
const shown = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`script of the first screen: ${shown(now)} of ${shown(FIRST)}; of other pages: ${shown(later)} of ${shown(LATER)} (brotli)`);
if (now > FIRST || later > LATER) {
  console.error("the page loads more script than it may");
  process.exit(1);
}
