import "./style/base.css";
import "./style/filter.css";
import "./style/results.css";

import { load } from "@flowql/wasm";
import wasm from "@flowql/wasm/flowql.wasm?url";
import registries from "@flowql/wasm/registries.txt?url";
import texts from "@flowql/wasm/texts.txt?url";
import { render } from "preact";

import { describeService, Refusal, savedFilters } from "./api.js";
import { Root } from "./root.js";

/** The page, once the compiler is there, and once the service has answered or failed to. */
async function start(place: HTMLElement): Promise<void> {
  const [language, service, filters] = await Promise.all([
    load(wasm, registries, texts),
    describeService().catch(Refusal.of),
    savedFilters().catch(Refusal.of),
  ]);
  place.textContent = "";
  render(<Root language={language} first={{ service, filters }} />, place);
}

const place = document.getElementById("page");
if (place) {
  start(place).catch((error: unknown) => {
    place.textContent = `This page could not start: ${String(error)}. A browser of the last three years can show it.`;
  });
}
