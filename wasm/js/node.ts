import { readFile } from "node:fs/promises";

import { type FileSource, load as loadFrom, type WasmSource } from "./index.js";
import type { FlowQL } from "./flowql.js";

export { FlowQL, TOKEN_CLASSES } from "./flowql.js";
export type * from "./types.js";
export type { FileSource, WasmSource } from "./index.js";

const beside = (name: string) => readFile(new URL(`./core/${name}`, import.meta.url));

/** `load` for Node, which reads the files beside this one instead of fetching them. */
export async function load(wasm?: WasmSource, registries?: FileSource, texts?: FileSource): Promise<FlowQL> {
  return loadFrom(
    wasm ?? (await beside("flowql_bg.wasm")),
    registries ?? (await beside("registries.txt")),
    texts ?? (await beside("texts.txt")),
  );
}
