// The path of a first visitor, from an empty page to a colleague who sees the same.
import { afterAll, beforeAll, expect, inject } from "vitest";

import { browse, type Browser, DESKTOP, path, Visit } from "./browser.js";
import { folder, Service, Store } from "./service.js";

let state: Awaited<ReturnType<typeof folder>>;
let service: Service;
let browser: Browser;
let visit: Visit;

const step = path();

beforeAll(async () => {
  state = await folder();
  service = await Service.start(Store.at(inject("store")), { state: state.path });
  browser = await browse(DESKTOP);
  visit = new Visit(browser);
  await visit.open(service.url);
});

afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await state?.remove();
});

step("an empty page says what there is to do", async () => {
  await visit.page.getByRole("region", { name: "Examples" }).getByRole("button").first().waitFor();
  await expect.poll(() => visit.meaning.textContent()).toContain("every flow");
  await expect.poll(() => visit.page.evaluate(() => document.activeElement?.classList.contains("cm-content"))).toBe(true);
});

step("it completes, with the values of the store", async () => {
  await visit.type("exporterna");
  await visit.take("ExporterName");
  await visit.take("=");
  await visit.type("mrs");
  await visit.take("mrs1-edge1");
  expect((await visit.text()).trim()).toBe('ExporterName = "mrs1-edge1"');
});

step("it says what the filter means, while one types", async () => {
  const { meaning } = visit;
  await expect.poll(() => meaning.textContent()).toContain('ExporterName is "mrs1-edge1"');
  await expect.poll(() => meaning.locator(".sql").textContent()).toBe("ExporterName = 'mrs1-edge1'");
  await expect.poll(() => meaning.locator(".reads").textContent()).toMatch(/Columns\s*ExporterName/);
  await expect.poll(() => meaning.locator(".reads").textContent()).toContain("flows_1m0s the coarsest table that serves");
  await visit.button("with parameters").click();
  await expect.poll(() => meaning.locator(".sql").textContent()).toBe("ExporterName = {p0:String}");
  await expect.poll(() => meaning.locator(".parameters").textContent()).toBe("p0mrs1-edge1");
  await visit.button("inline").click();
});

step("an error is mended by its fix", async () => {
  await visit.editor.click();
  await visit.page.keyboard.press("End");
  await visit.type(" AND InIfBoundary == external");
  const problems = visit.page.getByRole("list", { name: "Problems" });
  await problems.getByText("is written").waitFor();
  await expect.poll(() => visit.button("Run").isDisabled()).toBe(true);
  await expect.poll(() => visit.meaning.textContent()).toContain("The filter has errors");
  await problems.getByRole("button", { name: "write =" }).click();
  await problems.waitFor({ state: "detached" });
  await expect.poll(() => visit.text()).toBe('ExporterName = "mrs1-edge1" AND InIfBoundary = external');
});

step("it runs, and draws what it selects", async () => {
  await visit.run();
  await expect.poll(() => visit.drawn()).toBeGreaterThan(2000);
  await expect.poll(() => visit.values.count()).toBe(10);
  await expect.poll(() => visit.results.textContent()).toContain("everything else");
  const bars = await visit.results.locator("tbody .average").allTextContents();
  expect(bars.every((bar) => /^[\d.]+ [kMG]?bit\/s$/.test(bar)), bars.join()).toBe(true);
  // The pointer over the chart tells the values.
  await visit.results.locator(".u-over").hover();
  await expect.poll(() => visit.results.locator(".readout").textContent()).toMatch(/together[\d.]+ [kMG]?bit\/s$/);
});

step("time, dimension and measure are the visitor's to choose", async () => {
  const { page } = visit;
  await visit.choose("By", "SrcCountry");
  await visit.choose("and by", "Proto");
  await visit.choose("In", "packets");
  await visit.choose("Time", "-1h");
  await visit.answered();
  await expect.poll(() => visit.results.locator("thead").textContent()).toBe("SrcCountryProtoAverageMinMaxLast95thTotalShare");
  await expect.poll(() => visit.results.locator("tbody .number").first().textContent()).toMatch(/packets\/s$/);
  await expect.poll(() => page.url()).toMatch(/&by=SrcCountry,Proto&from=-1h&unit=packets&run=1$/);
  await visit.choose("and by", "");
  await visit.choose("In", "bits");
  await visit.choose("By", "SrcAS");
  await visit.answered();
});

step("a click on a value adds it to the filter, and “back” takes it away", async () => {
  const before = await visit.text();
  await expect.poll(() => visit.results.locator("thead").textContent()).toBe("SrcASAverageMinMaxLast95thTotalShare");
  await visit.answered();
  const value = visit.values.first();
  const name = await value.textContent();
  await value.click();
  await expect.poll(() => visit.text()).toBe(`${before} AND SrcAS = ${name}`);
  await expect.poll(() => visit.values.count()).toBe(1);
  await visit.page.goBack();
  await expect.poll(() => visit.text()).toBe(before);
  await expect.poll(() => visit.values.count()).toBe(10);
  await visit.button(`Without SrcAS ${name?.slice(2)}`).click();
  await expect.poll(() => visit.text()).toBe(`${before} AND SrcAS != ${name}`);
  await expect.poll(() => visit.values.first().textContent()).not.toBe(name);
  await visit.page.goBack();
  await expect.poll(() => visit.text()).toBe(before);
});

step("a range of the chart becomes the time", async () => {
  await visit.answered();
  const box = (await visit.results.locator(".u-over").boundingBox())!;
  const { mouse } = visit.page;
  await mouse.move(box.x + box.width * 0.25, box.y + 60);
  await mouse.down();
  await mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 });
  await mouse.up();
  await expect.poll(() => visit.page.getByRole("textbox", { name: "From" }).isVisible()).toBe(true);
  await expect.poll(() => visit.page.url()).toMatch(/from=20\d\d-.*&to=20\d\d-/);
  await visit.answered();
  await expect.poll(() => visit.drawn()).toBeGreaterThan(2000);
});

step("a filter is saved", async () => {
  await visit.button("Save this one").click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("marseille-in");
  await dialog.getByLabel("Description").fill("what enters in Marseille");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await visit.saved.getByText("@marseille-in").waitFor();
  await expect.poll(() => visit.saved.textContent()).toContain("what enters in Marseille");
});

step("and used in another as `@name`", async () => {
  await visit.editor.click();
  await visit.page.keyboard.press("Control+A");
  await visit.type("DstPort > 1024 AND @mars");
  await visit.take("@marseille-in");
  expect((await visit.text()).trim()).toBe("DstPort > 1024 AND @marseille-in");
  await expect.poll(() => visit.meaning.locator(".sql").textContent()).toContain("ExporterName = 'mrs1-edge1'");
  await visit.page.keyboard.press("Control+Enter");
  await visit.answered();
  await expect.poll(() => visit.results.getByText("before you changed it").count()).toBe(0);
  await visit.answered();
  await expect.poll(() => visit.values.count()).toBe(10);
});

step("whoever gets the address sees the same", async () => {
  await visit.button("Copy link").click();
  const other = await browse(DESKTOP);
  try {
    const seen = new Visit(other);
    await seen.open(visit.page.url());
    await seen.answered();
    await expect.poll(() => seen.text()).toBe(await visit.text());
    await expect.poll(() => seen.results.locator("table").textContent()).toBe(await visit.results.locator("table").textContent());
    await expect.poll(() => seen.drawn()).toBeGreaterThan(2000);
    expect(other.complaints).toEqual([]);
  } finally {
    await other.close();
  }
});

step("a saved filter is deleted", async () => {
  visit.page.once("dialog", (dialog) => void dialog.accept());
  await visit.saved.getByRole("button", { name: "Delete @marseille-in" }).click();
  await visit.saved.getByText("None yet").waitFor();
  // What refers to it has an error now.
  await visit.page.getByRole("list", { name: "Problems" }).getByText("marseille-in").first().waitFor();
});

step("the browser has nothing to complain about", () => {
  expect(browser.complaints).toEqual([]);
});
