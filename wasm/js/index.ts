import initialise from "./core/flowql.js";
import { FlowQL, provide } from "./flowql.js";

export { FlowQL, TOKEN_CLASSES } from "./flowql.js";
export type * from "./types.js";

/** Where a file comes from, when it is not the one beside this one: an address, an answer, or the bytes. */
export type FileSource = URL | string | Request | Response | Promise<Response> | BufferSource;

/** Where the WebAssembly comes from. */
export type WasmSource = FileSource | WebAssembly.Module;

let ready: Promise<unknown> | undefined;

/**
 * Loads the WebAssembly, the registries that name values and the texts of hover, once, and makes a `FlowQL` with the default
 * schema and no saved filters.
 */
export async function load(wasm?: WasmSource, registries?: FileSource, texts?: FileSource): Promise<FlowQL> {
  ready ??= start(wasm, registries, texts);
  try {
    await ready;
  } catch (error) {
    // The next call tries again.
    ready = undefined;
    throw error;
  }
  return new FlowQL();
}

async function start(wasm?: WasmSource, registries?: FileSource, texts?: FileSource): Promise<void> {
  const [names, said] = await Promise.all([
    read("the registries", registries ?? new URL("./core/registries.txt", import.meta.url)),
    read("the texts of hover", texts ?? new URL("./core/texts.txt", import.meta.url)),
    initialise(wasm === undefined ? undefined : { module_or_path: wasm }),
  ]);
  provide(names, said);
}

/** The text of a file; `what` names it where it cannot be read. */
async function read(what: string, source: FileSource): Promise<string> {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return new TextDecoder().decode(source);
  const wanted = source instanceof URL || typeof source === "string" || source instanceof Request;
  const response = await (wanted ? fetch(source) : source);
  if (!response.ok) throw new Error(`${what} could not be read: status ${response.status} ${response.url}`);
  const text = await response.text();
  if (/^\s*</.test(text)) throw new Error(`${what} could not be read: this is a page`);
  return text;
}
