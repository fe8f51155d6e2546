import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { ValueRequest } from "@flowql/wasm";
import { afterEach, describe, expect, test } from "vitest";

import { akvoradoService, flowqlService } from "../src/http.js";

const request: ValueRequest = { column: "SrcAS", operator: "=", prefix: "exa", exclude: [], rest: "", quoted: false };

const context = (signal = new AbortController().signal) => ({ filter: "SrcAS = exa", cursor: 11, signal });

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A service that answers everything so, and what it was asked. */
async function service(status: number, answer: unknown) {
  const asked: { path: string | undefined; body: unknown; headers: unknown }[] = [];
  server = createServer((incoming, outgoing) => {
    let body = "";
    incoming.on("data", (part: Buffer) => (body += part.toString()));
    incoming.on("end", () => {
      asked.push({ path: incoming.url, body: JSON.parse(body), headers: incoming.headers });
      if (status === 0) return;
      outgoing.writeHead(status, { "content-type": "application/json" });
      outgoing.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

describe("FlowQL's own service", () => {
  test("gives its values, and why others are missing", async () => {
    const { url, asked } = await service(200, {
      replace: { start: 8, end: 11 },
      candidates: [
        { label: "AS64501", kind: "value", detail: "Example", insert: "AS64501" },
        { label: "DstAS", kind: "column", detail: "asn", insert: "DstAS" },
      ],
      incomplete: "the backend is slow",
    });
    const answer = await flowqlService({ url, limit: 10, headers: { "x-user": "me" } })(request, context());
    expect(answer).toEqual({
      values: [{ value: "AS64501", detail: "Example" }],
      more: false,
      missing: "the backend is slow",
    });
    expect(asked[0]).toMatchObject({
      path: "/api/v1/complete",
      body: { filter: "SrcAS = exa", cursor_utf16: 11, limit: 10 },
      headers: { "x-user": "me" },
    });
  });
});

describe("a service with the routes of the Akvorado console", () => {
  test("gives its values", async () => {
    const { url, asked } = await service(200, {
      completions: [{ label: "AS64501", detail: "Example", quoted: false }],
    });
    const answer = await akvoradoService({ url })(request, context());
    expect(answer).toEqual({ values: [{ value: "AS64501", detail: "Example" }], more: false });
    expect(asked[0]).toMatchObject({
      path: "/api/v0/console/filter/complete",
      body: { what: "value", column: "SrcAS", operator: "=", prefix: "exa" },
    });
  });
});

describe.each([
  ["flowql", flowqlService],
  ["akvorado", akvoradoService],
])("%s: what goes wrong", (_name, make) => {
  test.each([
    [503, {}, "the service answers 503 Service Unavailable"],
    [200, "<html>", "the service does not answer with JSON"],
    [200, { message: "?" }, "the service gives an unexpected answer"],
    [200, "null", "the service gives an unexpected answer"],
  ])("an answer %i %j", async (status, answer, message) => {
    const { url } = await service(status, answer);
    await expect(make({ url })(request, context())).rejects.toThrow(message);
  });

  test("a service that is not there", async () => {
    const { url } = await service(200, {});
    server!.close();
    await expect(make({ url })(request, context())).rejects.toThrow("the service cannot be reached");
  });

  test("a request that is no longer wanted", async () => {
    const { url, asked } = await service(0, {});
    const controller = new AbortController();
    const answer = make({ url })(request, context(controller.signal));
    void expect.poll(() => asked.length).toBe(1).then(() => controller.abort());
    await expect(answer).rejects.toHaveProperty("name", "AbortError");
  });
});
