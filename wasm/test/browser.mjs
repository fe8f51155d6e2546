// A real Chromium, and a server of files for it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

/** Milliseconds after which something that is waited for will not come. A slow machine must not reach it. */
export const patience = 120_000;

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

/** Serves a folder on a port of its own. `routes` answer before the files: `(request, response) => boolean`. */
export async function serve(folder, routes = () => false) {
  const server = createServer(async (request, response) => {
    try {
      if (await routes(request, response)) return;
      const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
      const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
      const body = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A browser with a fresh profile. Whatever a page of it complains about is in `complaints`. */
export async function browse(options = {}) {
  const home = await mkdtemp(join(tmpdir(), "flowql-chromium-"));
  const context = await chromium.launchPersistentContext(home, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    // Debian's chromium writes into the home folder.
    env: { ...process.env, HOME: home },
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    ...options,
  });
  context.setDefaultTimeout(patience);
  const complaints = [];
  const watch = (page) => {
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // A page has no icon unless it says so.
      if (["error", "warning"].includes(message.type()) && !message.location().url.endsWith("/favicon.ico")) {
        complaints.push(message.text());
      }
    });
  };
  context.pages().forEach(watch);
  context.on("page", watch);
  return {
    context,
    page: context.pages()[0],
    complaints,
    close: async () => {
      await context.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * Waits until CodeMirror lets one take an entry of its menu: it does so when the menu has been there for
 * `interactionDelay`, 75 ms unless it is set.
 */
export async function menuIsReady(page) {
  await page.waitForFunction(() => {
    const menu = document.querySelector(".cm-tooltip-autocomplete");
    if (!menu) return false;
    menu.seenAt ??= performance.now();
    return performance.now() - menu.seenAt > 75;
  });
}
