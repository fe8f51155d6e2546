// Says what takes the room in the WebAssembly, and fails where it is larger than the budget, unless told otherwise:
// node size.mjs NAMED.wasm FOLDER budget|none, with the files that are shipped in the folder
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const BUDGET = 130_000;

const [named, shipped] = [process.argv[2], `${process.argv[3]}/flowql_bg.wasm`].map((path) => readFileSync(path));
const limited = process.argv[4] !== "none";

function brotli(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return brotliCompressSync(bytes, { params }).length;
}

/** The functions of a module with their names, and its data. */
function parts(bytes) {
  let at = 8;
  const number = () => {
    let [value, shift, byte] = [0, 1, 0];
    do {
      byte = bytes[at++];
      value += (byte & 127) * shift;
      shift *= 128;
    } while (byte & 128);
    return value;
  };
  const string = () => {
    const length = number();
    at += length;
    return bytes.toString("utf8", at - length, at);
  };
  const bodies = [];
  const names = new Map();
  let [imported, data] = [0, Buffer.alloc(0)];
  while (at < bytes.length) {
    const section = bytes[at++];
    const length = number();
    const end = at + length;
    if (section === 2) {
      // wasm-bindgen imports functions only.
      for (let left = number(); left > 0; left--, imported++) {
        string();
        string();
        at++;
        number();
      }
    } else if (section === 10) {
      for (let left = number(); left > 0; left--) {
        const size = number();
        bodies.push(bytes.subarray(at, at + size));
        at += size;
      }
    } else if (section === 11) {
      data = bytes.subarray(at, end);
    } else if (section === 0 && string() === "name") {
      while (at < end) {
        const kind = bytes[at++];
        const next = number() + at;
        if (kind === 1) for (let left = number(); left > 0; left--) names.set(number(), string());
        at = next;
      }
    }
    at = end;
  }
  return { bodies: bodies.map((body, index) => [names.get(imported + index) ?? "", body]), data };
}

/** To which part of the program a function belongs. */
function part(name) {
  const plain = name.replace(/\[[0-9a-f]+\]/g, "");
  // What is generic belongs to the one who uses it.
  const own = /flowql(?:_grammar)?::(\w+)(?:::(\w+))?/.exec(plain);
  if (own) return own[1] === "ide" ? `ide/${own[2]}` : own[1];
  if (/^(engine|settings)_|flowql_wasm/.test(plain)) return "the border, and what is inlined into it";
  return "the standard library and other crates";
}

const { bodies, data } = parts(named);
const groups = new Map([["data: texts and tables", [data]]]);
for (const [name, body] of bodies) groups.set(part(name), [...(groups.get(part(name)) ?? []), body]);

const rows = [...groups].map(([name, chunks]) => {
  const bytes = Buffer.concat(chunks);
  return [name, bytes.length, brotli(bytes)];
});
rows.sort((first, second) => second[2] - first[2]);
console.log("       kB  brotli, each part for itself");
for (const [name, raw, packed] of rows.slice(0, 16)) {
  console.log(`${(raw / 1000).toFixed(1).padStart(9)}  ${(packed / 1000).toFixed(1).padStart(6)}  ${name}`);
}

const total = brotli(shipped);
console.log(`flowql_bg.wasm: ${shipped.length} bytes, ${total} after brotli, of ${BUDGET}`);
for (const name of ["registries.txt", "texts.txt"]) {
  const bytes = readFileSync(`${process.argv[3]}/${name}`);
  console.log(`${name}, beside it: ${bytes.length} bytes, ${brotli(bytes)} after brotli`);
}
if (limited && total > BUDGET) {
  console.error(`error: the WebAssembly is larger than ${BUDGET} bytes`);
  process.exit(1);
}
