// What a visitor does with the page.
import { createRequire } from "node:module";

import type { AxeResults } from "axe-core";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";

import { browse, menuIsReady } from "../../../../wasm/test/browser.mjs";

export type Browser = Awaited<ReturnType<typeof browse>>;

export { browse };

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export const DESKTOP = { viewport: { width: 1280, height: 800 } };

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** The steps of one path: each needs those before it, and is skipped once one of them has failed. */
export function path(): (name: string, body: () => void | Promise<void>) => void {
  let failed: string | undefined;
  return (name, body) =>
    test(name, async ({ skip }) => {
      if (failed !== undefined) skip(`it needs “${failed}”, which has failed`);
      try {
        await body();
      } catch (error) {
        failed = name;
        throw error;
      }
    });
}

/** The page, as a visitor sees it. */
export class Visit {
  readonly page: Page;

  constructor({ page }: Browser) {
    if (!page) throw new Error("the browser has no page");
    this.page = page;
  }

  /** Opens an address, as a visitor does who has it from somebody. */
  async open(url: string): Promise<void> {
    // From one place behind `#` to another a browser loads nothing.
    await this.page.goto("about:blank");
    await this.page.goto(url);
    await this.editor.waitFor();
  }

  get editor(): Locator {
    return this.page.getByRole("textbox", { name: "Filter" });
  }

  get results(): Locator {
    return this.page.getByRole("region", { name: "What the filter selects" });
  }

  get meaning(): Locator {
    return this.page.getByRole("region", { name: "What the filter means" });
  }

  get saved(): Locator {
    return this.page.getByRole("region", { name: "Saved filters" });
  }

  /** The values of the table. */
  get values(): Locator {
    return this.results.locator(".value > button:not(.exclude)");
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  /** The text of the editor, where it is not empty. */
  text(): Promise<string> {
    return this.editor.evaluate((content) => [...content.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"));
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 15 });
  }

  /** Takes an entry of the menu. */
  async take(label: string): Promise<void> {
    const menu = this.page.locator(".cm-tooltip-autocomplete");
    await menu.locator("li", { hasText: label }).first().waitFor();
    const selected = () => menu.evaluateAll(([list]) => list?.querySelector("[aria-selected]")?.textContent ?? "");
    for (let step = 0; step < 40; step++) {
      await menuIsReady(this.page);
      if ((await selected()).includes(label)) return this.page.keyboard.press("Enter");
      await this.page.keyboard.press("ArrowDown");
    }
    throw new Error(`the menu does not reach ${label}: ${await this.text()}`);
  }

  /** Chooses from a list of the controls. */
  async choose(name: string, value: string): Promise<void> {
    await this.page.getByRole("combobox", { name, exact: true }).selectOption(value);
  }

  /** Waits until the answer to the last question is there. */
  async answered(): Promise<void> {
    await this.results.and(this.page.locator('[aria-busy="false"]')).waitFor();
    await this.results.locator("table, .notice").first().waitFor();
  }

  async run(): Promise<void> {
    await this.button("Run").click();
    await this.answered();
  }

  /** How many points of the chart have one of its colours. */
  drawn(): Promise<number> {
    return this.results.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
      // A copy: browsers complain where the canvas itself is read several times, as while one waits for it to be drawn.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let place = 0; place < data.length; place += 4) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(place, place + 4);
        if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) count++;
      }
      return count;
    });
  }

  /** That nothing stands out at the side. */
  async fits(): Promise<void> {
    const beyond = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(beyond, "it scrolls sideways").toBeLessThanOrEqual(0);
  }
}

/** What axe-core finds serious or critical. */
export async function grave(visit: Visit): Promise<string[]> {
  await visit.page.addScriptTag({ path: AXE });
  const { violations } = await visit.page.evaluate(() => (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
    // The arrow keys move through the menu while the editor keeps the focus, as in any list of completions.
    .filter((found) => !/^scrollable-region-focusable: <ul id="cm-ac-/.test(found));
}
