// The pictures of README.md: `npm run screenshots` takes them, of the page as it is.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { browse, type Browser, DESKTOP, PHONE, Visit } from "./browser.js";
import { folder, Service, Store } from "./service.js";

const FILTER = 'InIfBoundary = external AND Proto = "udp" AND SrcPort IN ("https", "domain", "ntp")';

let state: Awaited<ReturnType<typeof folder>>;
let service: Service;

beforeAll(async () => {
  state = await folder();
  const config = `[filters]\ncustomers = 'DstNetRole = "customers"'\nquic = 'Proto = "udp" AND SrcPort = 443'\n`;
  service = await Service.start(Store.at(inject("store")), { state: state.path, config });
});

afterAll(async () => {
  await service?.stop();
  await state?.remove();
});

const hash = (parts: Record<string, string>): string => `#${new URLSearchParams(parts)}`;

/** Waits until all panels have their answers. */
async function panels(visit: Visit): Promise<void> {
  await visit.page.locator(".card").first().waitFor();
  await expect.poll(() => visit.page.locator('.card[aria-busy="true"]').count()).toBe(0);
}

const PICTURES: Record<string, { hash: string; height: number; act: (visit: Visit) => Promise<void> }> = {
  home: { hash: "#dashboards&v=1&name=home", height: 1240, act: panels },
  transit: { hash: "#dashboards&v=1&name=transit-cost&from=-24h", height: 1100, act: panels },
  capacity: { hash: "#dashboards&v=1&name=capacity&from=-24h", height: 900, act: panels },
  about: { hash: "#about&v=1&SrcAS=15169", height: 1240, act: panels },
  map: {
    hash: hash({ v: "1", by: "SrcCountry,DstCountry", type: "map", limit: "50", from: "-24h", run: "1" }),
    height: 900,
    act: (visit) => visit.results.locator(".world path").first().waitFor(),
  },
  flows: { hash: "#flows&v=1", height: 740, act: (visit) => visit.page.locator(".flows tbody tr").first().waitFor() },
  first: { hash: "", height: 740, act: (visit) => visit.meaning.getByText("flows_1m0s", { exact: true }).waitFor() },
  errors: {
    hash: hash({ q: "SrcAS == AS15169 AND DstAddr << 192.0.2.1" }),
    height: 740,
    act: (visit) => visit.page.getByText("append /32").waitFor(),
  },
  completion: {
    hash: hash({ q: "InIfBoundary = external AND ExporterName = par" }),
    height: 740,
    act: async (visit) => {
      await visit.editor.click();
      await visit.page.keyboard.press("End");
      await visit.page.keyboard.press("Control+Space");
      await visit.page.locator(".cm-tooltip-autocomplete li", { hasText: "par1" }).first().waitFor();
    },
  },
  run: {
    hash: hash({ q: FILTER, by: "SrcAS", from: "-24h", run: "1" }),
    height: 1040,
    act: async (visit) => {
      await visit.answered();
      await visit.meaning.locator(".reads code").nth(3).waitFor();
      // A phone shows what it selects, a desktop all of it.
      if ((visit.page.viewportSize()?.width ?? 0) < 600) await visit.results.evaluate((element) => element.scrollIntoView());
    },
  },
};

const ON_PHONE = ["first", "run", "home", "about"];

const SIZES = [
  ["", DESKTOP],
  ["-phone", { ...PHONE, deviceScaleFactor: 2 }],
] as const;

describe.each(SIZES)("pictures%s", (suffix, size) => {
  test.each(["light", "dark"] as const)("%s", async (colorScheme) => {
    const browser: Browser = await browse({ ...size, colorScheme });
    try {
      const visit = new Visit(browser);
      for (const [name, { hash, height, act }] of Object.entries(PICTURES)) {
        if (suffix === "") await visit.page.setViewportSize({ width: 1280, height });
        else if (!ON_PHONE.includes(name)) continue;
        await visit.page.goto("about:blank");
        await visit.page.goto(service.url + hash);
        await act(visit);
        const path = fileURLToPath(new URL(`../images/${name}${suffix}-${colorScheme}.png`, import.meta.url));
        await visit.page.screenshot({ path, animations: "disabled", caret: "hide" });
        // A fifth of the size, of the Debian package `pngquant`.
        await promisify(execFile)("pngquant", ["--force", "--skip-if-larger", "--quality", "70-95", "--output", path, path]);
      }
      expect(browser.complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
