import { readFile } from "node:fs/promises";

import { load as loadFrom, type WasmSource } from "./index.js";
import type { FlowQL } from "./flowql.js";

export { FlowQL, TOKEN_CLASSES } from "./flowql.js";
export type * from "./types.js";
export type { WasmSource } from "./index.js";

/** `load` for Node, which reads the file beside this one instead of fetching it. */
export async function load(source?: WasmSource): Promise<FlowQL> {
  return loadFrom(source ?? (await readFile(new URL("./core/flowql_bg.wasm", import.meta.url))));
}
