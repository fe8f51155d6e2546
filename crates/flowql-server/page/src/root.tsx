import type { FlowQL } from "@flowql/wasm";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { App, type First } from "./app.js";

/** What pages are given. */
export interface PageProps {
  language: FlowQL;
  first: First;
}

/** The pages but that of flows, by the first word of their addresses; each is loaded when it is opened. */
const PAGES: Record<string, () => Promise<ComponentType<PageProps>>> = {
  exporters: () => import("./exporters.js").then(({ Exporters }) => Exporters),
  tail: () => import("./tail.js").then(({ Tail }) => Tail),
};

/** The name of the page that the address is of; `null` for that of flows. */
function named(): string | null {
  const name = location.hash.slice(1).split("&", 1)[0] ?? "";
  return Object.hasOwn(PAGES, name) ? name : null;
}

/** The page that the address is of. */
export function Root(props: PageProps) {
  const [name, setName] = useState(named);
  useEffect(() => {
    const follow = () => setName(named());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return name === null ? <App {...props} /> : <Other key={name} name={name} {...props} />;
}

function Other({ name, ...props }: PageProps & { name: string }) {
  const [Page, setPage] = useState<ComponentType<PageProps> | null>(null);
  useEffect(() => {
    void PAGES[name]?.().then((loaded) => setPage(() => loaded));
  }, []);
  return Page && <Page {...props} />;
}
