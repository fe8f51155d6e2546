// The service stops and starts again while the page is open.
import { afterAll, beforeAll, expect, inject } from "vitest";

import { browse, type Browser, DESKTOP, path, Visit } from "./browser.js";
import { folder, Service, Store } from "./service.js";

let state: Awaited<ReturnType<typeof folder>>;
let service: Service;
let browser: Browser;
let visit: Visit;

const step = path();

const start = (port?: string) =>
  Service.start(Store.at(inject("store")), { state: state.path, ...(port === undefined ? {} : { port }) });

beforeAll(async () => {
  state = await folder();
  service = await start();
  browser = await browse(DESKTOP);
  visit = new Visit(browser);
});

afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await state?.remove();
});

step("the page says so, goes on, and recovers by itself", async () => {
  await visit.open(`${service.url}#q=InIfBoundary%20%3D%20external&run=1`);
  await visit.answered();
  await expect.poll(() => visit.values.count()).toBe(10);
  const { port } = service;
  expect(browser.complaints).toEqual([]);

  await service.stop();
  const notice = visit.page.getByRole("alert").filter({ hasText: "The service does not answer." });
  await visit.editor.click();
  await visit.page.keyboard.press("End");
  await visit.type(" AND DstPort > 1024");
  await notice.waitFor();
  // The compiler is in the page.
  await expect.poll(() => visit.meaning.locator(".sql").textContent()).toBe("InIfBoundary = 'external' AND DstPort > 1024");
  await visit.page.keyboard.press("Escape");
  await visit.page.keyboard.press("Control+Enter");
  await visit.results.getByText("It runs again as soon as the service is back.").waitFor();
  await expect.poll(() => visit.values.count()).toBe(0);

  service = await start(port);
  await notice.waitFor({ state: "detached" });
  await expect.poll(() => visit.values.count()).toBe(10);
  await expect.poll(() => visit.drawn()).toBeGreaterThan(2000);
  await expect.poll(() => visit.text()).toBe("InIfBoundary = external AND DstPort > 1024");
  // A browser itself reports what it could not reach, and nothing else is wrong.
  expect(browser.complaints.filter((text) => !/net::ERR_(CONNECTION_REFUSED|EMPTY_RESPONSE|CONNECTION_RESET)/.test(text))).toEqual([]);
});

step("nobody has to type for it to be noticed", async () => {
  const { port } = service;
  await service.stop();
  const notice = visit.page.getByRole("alert").filter({ hasText: "The service does not answer." });
  await notice.waitFor();
  service = await start(port);
  await notice.waitFor({ state: "detached" });
});
