// Phone and desktop, light and dark: nothing hidden, nothing illegible.
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { browse, type Browser, DESKTOP, grave, PHONE, Visit } from "./browser.js";
import { folder, Service, Store } from "./service.js";

let state: Awaited<ReturnType<typeof folder>>;
let service: Service;

beforeAll(async () => {
  state = await folder();
  const config = "[filters]\ncustomers = 'DstNetRole = \"customers\"'\n";
  service = await Service.start(Store.at(inject("store")), { state: state.path, config });
});

afterAll(async () => {
  await service?.stop();
  await state?.remove();
});

/** What a page that is open can look like, each with what brings it up. */
const STATES: Record<string, { hash: string; act?: (visit: Visit) => Promise<void> }> = {
  first: { hash: "" },
  errors: {
    hash: "#q=SrcAS%20%3D%3D%20AS15169%20AND%20DstAddr%20%3C%3C%20192.0.2.1",
    act: (visit) => visit.page.locator(".cm-lintRange").nth(1).waitFor(),
  },
  results: { hash: "#q=InIfBoundary%20%3D%20external%20AND%20%40customers&by=SrcAS,DstPort&run=1", act: (visit) => visit.answered() },
  sankey: {
    hash: "#v=1&by=InIfProvider,SrcAS,ExporterName&type=sankey&both=1&run=1",
    act: (visit) => visit.results.locator("svg.sankey .node").first().waitFor(),
  },
  heatmap: {
    hash: "#v=1&by=SrcCountry&type=heatmap&compare=hour&run=1",
    act: (visit) => visit.results.locator("svg.graph rect").first().waitFor(),
  },
  map: {
    hash: "#v=1&by=SrcCountry,DstCountry&type=map&limit=30&run=1",
    act: (visit) => visit.results.locator(".world path").first().waitFor(),
  },
  small: {
    hash: "#v=1&by=SrcAS&type=small&run=1",
    act: (visit) => visit.results.locator("svg.graph polyline").first().waitFor(),
  },
  nothing: { hash: "#q=SrcAS%20%3D%20AS64999&run=1", act: (visit) => visit.answered() },
  dialog: { hash: "#q=SrcAS%20%3D%201", act: (visit) => visit.button("Save this one").click() },
  menu: {
    hash: "",
    act: async (visit) => {
      await visit.editor.click();
      await visit.type("Src");
      await visit.page.locator(".cm-tooltip-autocomplete li").first().waitFor();
    },
  },
};

describe.each([
  ["desktop", DESKTOP],
  ["phone", PHONE],
] as const)("%s", (_size, size) => {
  describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
    let browser: Browser;
    let visit: Visit;

    beforeAll(async () => {
      browser = await browse({ ...size, colorScheme, bypassCSP: true });
      visit = new Visit(browser);
    });

    afterAll(() => browser?.close());

    test.each(Object.keys(STATES))("%s", async (name) => {
      const { hash, act } = STATES[name]!;
      await visit.open(service.url + hash);
      await act?.(visit);
      await expect.poll(() => visit.page.evaluate(() => document.documentElement.dataset.theme)).toBe(colorScheme);
      await visit.fits();
      expect(await grave(visit)).toEqual([]);
      expect(browser.complaints).toEqual([]);
    });
  });
});

test("on a phone everything can be reached and touched", async () => {
  const browser = await browse(PHONE);
  try {
    const visit = new Visit(browser);
    await visit.open(service.url);
    await visit.page.getByRole("button", { name: /Encrypted web traffic, by interface/ }).tap();
    await visit.answered();
    await visit.values.first().tap();
    await expect.poll(() => visit.text()).toMatch(/ AND InIfName = /);
    await visit.saved.getByRole("button", { name: "add" }).tap();
    await expect.poll(() => visit.text()).toMatch(/ AND @customers$/);
    for (const name of ["Run", "Format", "Clear", "Copy link", "with parameters"]) {
      const box = await visit.button(name).boundingBox();
      expect(Math.min(box!.height, box!.width), name).toBeGreaterThanOrEqual(36);
      expect(box!.x + box!.width, name).toBeLessThanOrEqual(390);
    }
    await visit.fits();
    expect(browser.complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});

test("each example selects something", async () => {
  const browser = await browse(DESKTOP);
  try {
    const visit = new Visit(browser);
    await visit.open(service.url);
    const examples = visit.page.getByRole("region", { name: "Examples" }).getByRole("button");
    const count = await examples.count();
    expect(count).toBeGreaterThanOrEqual(6);
    for (let place = 0; place < count; place++) {
      await visit.open(service.url);
      await examples.nth(place).click();
      await visit.answered();
      await expect.poll(() => visit.values.count(), { message: await visit.text() }).toBeGreaterThanOrEqual(3);
    }
    expect(browser.complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});

test("the theme is the visitor's to choose, and stays", async () => {
  const browser = await browse({ ...DESKTOP, colorScheme: "light" });
  try {
    const visit = new Visit(browser);
    const ground = () => visit.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await visit.open(service.url);
    const light = await ground();
    await visit.button("Switch to the dark theme").click();
    await expect.poll(ground).not.toBe(light);
    const dark = await ground();
    await visit.open(service.url);
    await expect.poll(ground).toBe(dark);
    await visit.button("Switch to the light theme").click();
    await expect.poll(ground).toBe(light);
    expect(browser.complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
