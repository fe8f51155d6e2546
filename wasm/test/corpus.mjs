// What `cargo run -p flowql-tests --bin editor-answers` wrote: the filters of the corpus with the core's answers, and
// hostile texts.
import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

export function corpus() {
  const lines = readFileSync(new URL("target/editor-answers.jsonl", root), "utf8").trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line));
  return {
    filters: entries.filter((entry) => entry.hostile === undefined),
    hostile: entries.filter((entry) => entry.hostile !== undefined).map((entry) => entry.hostile),
  };
}

/** The seeds of the fuzz targets, and what the fuzzer found. Those of `decode_…` are datagrams, not filters. */
export function fuzz() {
  const folder = new URL("tests/corpus/fuzz/", root);
  return readdirSync(folder).filter((name) => !name.startsWith("decode_")).flatMap((name) => {
    const lines = readFileSync(new URL(name, folder), "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line));
  });
}

/** The five conditions that open the language's reference. */
export const FIVE = `InIfBoundary = external AND ExporterRegion = "france" AND InIfConnectivity = "transit"
AND SrcAS = AS15169 AND DstAddr << 2a01:e0f:ffff::/64`;

/** A valid filter of about that many characters. */
export function long(length) {
  return Array.from({ length: Math.floor((length + 4) / (FIVE.length + 4)) }, () => FIVE).join("\nOR ");
}
