import initialise from "./core/flowql.js";
import { FlowQL } from "./flowql.js";

export { FlowQL, TOKEN_CLASSES } from "./flowql.js";
export type * from "./types.js";

/** Where the WebAssembly comes from, when it is not the file beside this one. */
export type WasmSource = URL | string | Request | Response | Promise<Response> | BufferSource | WebAssembly.Module;

let ready: Promise<unknown> | undefined;

/** Loads the WebAssembly, once, and makes a `FlowQL` with the default schema and no saved filters. */
export async function load(source?: WasmSource): Promise<FlowQL> {
  ready ??= initialise(source === undefined ? undefined : { module_or_path: source });
  try {
    await ready;
  } catch (error) {
    // The next call tries again.
    ready = undefined;
    throw error;
  }
  return new FlowQL();
}
