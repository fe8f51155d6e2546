// Who sends flows, as the collector says it: the real one, before which a proxy joins it with the service.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, expect, test } from "vitest";

import { browse, type Browser, DESKTOP, Visit } from "./browser.js";
import { folder, freeTcp, freeUdp, PROGRAM, Service, Store } from "./service.js";

let state: Awaited<ReturnType<typeof folder>>;
let journal: Awaited<ReturnType<typeof folder>>;
let store: Store;
let service: Service;
let collector: ChildProcess;
let proxy: Server;
let browser: Browser;
let visit: Visit;
let flows: string;
let own: string;

beforeAll(async () => {
  [state, journal] = [await folder(), await folder()];
  store = await Store.create();
  service = await Service.start(store, { state: state.path });
  const http = `127.0.0.1:${await freeTcp()}`;
  flows = `127.0.0.1:${await freeUdp()}`;
  const words = ["--no-config", "collect", "--listen", flows, "--http", http, "--data", journal.path, "--backend", "embedded"];
  collector = spawn(PROGRAM, words, { cwd: state.path, env: store.env, stdio: "ignore" });
  proxy = createServer((incoming, answer) => {
    const target = incoming.url?.startsWith("/api/v1/exporters") ? `http://${http}` : service.url;
    const { method, headers } = incoming;
    const sent = request(new URL(incoming.url ?? "/", target), { method, headers }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    sent.on("error", () => answer.writeHead(502).end());
    incoming.pipe(sent);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  own = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`;
  browser = await browse(DESKTOP);
  visit = new Visit(browser);
});

afterAll(async () => {
  await browser?.close();
  proxy?.closeAllConnections();
  proxy?.close();
  if (collector?.exitCode === null) {
    const exit = once(collector, "exit");
    collector.kill();
    await exit;
  }
  await service?.stop();
  await store?.remove();
  await state?.remove();
  await journal?.remove();
});

test("a service without a collector says so, and where to look", async () => {
  await visit.page.goto(`${service.url}#exporters`);
  await visit.page.getByRole("alert").getByText("This service has no collector").waitFor();
  await visit.page.getByRole("link", { name: "Flows", exact: true }).click();
  await visit.editor.waitFor();
  // The browser itself tells of an address that is not there.
  expect(browser.complaints.filter((text) => !text.includes("404"))).toEqual([]);
  browser.complaints.length = 0;
});

test("who sends is listed with what is wrong, as the collector says it", async () => {
  await expect.poll(() => fetch(`${own}api/v1/exporters`).then(({ status }) => status)).toBe(200);
  await visit.page.goto(`${own}#exporters`);
  const list = visit.page.getByRole("region", { name: "Exporters", exact: true });
  await list.getByText("Nobody sends flows").waitFor();
  await store.flowql("simulate", "--target", flows, "--rate", "200", "--seconds", "3", "--exporters", "2", "--protocol", "netflow9", "--scenario", "no-template");
  const said = async () => {
    const { exporters } = (await (await fetch(`${own}api/v1/exporters`)).json()) as {
      exporters: { name: string; problems: { message: string; advice: string }[] }[];
    };
    return exporters.flatMap(({ name, problems }) => [name, ...problems.flatMap(({ message, advice }) => [message, advice])]);
  };
  await expect.poll(async () => (await said()).length).toBeGreaterThanOrEqual(4);
  await expect
    .poll(async () => {
      const [texts, shown] = [await said(), (await list.textContent()) ?? ""];
      // Numbers in a message may have grown since.
      const missing = texts.filter((text) => !shown.replace(/\d+/g, "0").includes(text.replace(/\d+/g, "0")));
      return missing;
    })
    .toEqual([]);
  await visit.fits();
  expect(browser.complaints).toEqual([]);
});
