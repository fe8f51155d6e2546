import type { ValueRequest } from "@flowql/wasm";
import { describe, expect, test, vi } from "vitest";

import { ValueClient, type ValueSource } from "../src/values.js";

const request = (prefix: string, more: Partial<ValueRequest> = {}): ValueRequest => ({
  column: "ExporterName",
  operator: "=",
  prefix,
  exclude: [],
  rest: "",
  quoted: true,
  ...more,
});

const context = (signal = new AbortController().signal) => ({ filter: "", cursor: 0, signal });

const ALL = ["edge1", "edge2", "core"].map((value) => ({ value, detail: value === "core" ? "Paris" : "" }));

function source(more = false) {
  return vi.fn<ValueSource>(({ prefix }) => ({
    values: ALL.filter(({ value, detail }) => `${value} ${detail}`.toLowerCase().includes(prefix.toLowerCase())),
    more,
  }));
}

const values = (answer: { values: readonly { value: string }[] } | null) => answer?.values.map(({ value }) => value);

describe("the client of a source of values", () => {
  test("remembers an answer, and narrows it while more is typed", async () => {
    const asked = source();
    const client = new ValueClient(asked, { debounce: 0 });
    expect(client.known(request("e"))).toBeNull();
    expect(values(await client.ask(request("e"), context(), true))).toEqual(["edge1", "edge2", "core"]);
    expect(values(await client.ask(request("ed"), context(), true))).toEqual(["edge1", "edge2"]);
    expect(values(client.known(request("edge2")))).toEqual(["edge2"]);
    expect(values(client.known(request("PAR")))).toBeUndefined();
    expect(asked).toHaveBeenCalledTimes(1);
    await client.ask(request("e", { column: "InIfName" }), context(), true);
    await client.ask(request("e", { rest: "SrcAS = 1" }), context(), true);
    expect(asked).toHaveBeenCalledTimes(3);
  });

  test("narrows by what a value means as well", async () => {
    const client = new ValueClient(source(), { debounce: 0 });
    await client.ask(request(""), context(), true);
    expect(values(client.known(request("PAR")))).toEqual(["core"]);
  });

  test("asks again where the answer was a part", async () => {
    const asked = source(true);
    const client = new ValueClient(asked, { debounce: 0 });
    await client.ask(request("e"), context(), true);
    expect(client.known(request("ed"))).toBeNull();
    await client.ask(request("ed"), context(), true);
    expect(asked).toHaveBeenCalledTimes(2);
    const partly = new ValueClient(() => ({ values: ALL, missing: "names" }), { debounce: 0 });
    expect((await partly.ask(request("e"), context(), true)).missing).toBe("names");
    expect(partly.known(request("e"))).toBeNull();
  });

  test("waits for a pause, and asks nobody when the wait is cut short", async () => {
    const asked = source();
    const client = new ValueClient(asked, { debounce: 30 });
    const controller = new AbortController();
    const first = client.ask(request("e"), context(controller.signal), true);
    controller.abort();
    await expect(first).rejects.toThrow();
    await client.ask(request("ed"), context(), true);
    expect(asked.mock.calls.map(([{ prefix }]) => prefix)).toEqual(["ed"]);
  });

  test("tells the source that an answer is no longer wanted", async () => {
    let seen: AbortSignal | undefined;
    const client = new ValueClient((_request, { signal }) => ((seen = signal), new Promise(() => undefined)), {
      debounce: 0,
    });
    const controller = new AbortController();
    const answer = client.ask(request("e"), context(controller.signal), true);
    controller.abort();
    await expect(answer).rejects.toThrow();
    expect(seen?.aborted).toBe(true);
  });

  test("gives up after a time, and says so", async () => {
    const client = new ValueClient(() => new Promise(() => undefined), { debounce: 0, timeout: 20 });
    await expect(client.ask(request("e"), context(), true)).rejects.toThrow("no answer after 0.02 s");
  });

  test("gives the reason of a source that fails, and asks it again", async () => {
    const failing = vi.fn<ValueSource>(() => Promise.reject(new Error("down")));
    const client = new ValueClient(failing, { debounce: 0 });
    await expect(client.ask(request("e"), context(), true)).rejects.toThrow("down");
    await expect(client.ask(request("e"), context(), true)).rejects.toThrow("down");
    expect(failing).toHaveBeenCalledTimes(2);
  });

  test("forgets what is old, and what is too much", async () => {
    const asked = source();
    const client = new ValueClient(asked, { debounce: 0, remember: 0 });
    await client.ask(request("e"), context(), true);
    await expect.poll(() => client.known(request("e"))).toBeNull();
    const other = new ValueClient(asked, { debounce: 0 });
    for (let number = 0; number < 150; number++) {
      await other.ask(request("", { column: `C${number}` }), context(), true);
    }
    expect(other.known(request("", { column: "C0" }))).toBeNull();
    expect(other.known(request("", { column: "C149" }))).not.toBeNull();
  });
});
