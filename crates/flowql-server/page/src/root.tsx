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
  about: () => import("./about.js").then(({ About }) => About),
  dashboards: () => import("./dashboards.js").then(({ Dashboards }) => Dashboards),
  exporters: () => import("./exporters.js").then(({ Exporters }) => Exporters),
  flows: () => import("./single.js").then(({ Single }) => Single),
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
  return (
    <>
      {name === null ? <App {...props} /> : <Other key={name} name={name} {...props} />}
      <PaletteKey first={props.first} />
    </>
  );
}

type PaletteOf = typeof import("./palette.js").Palette;

/** Opens the list of all actions, by Ctrl-K or by the button at the top of each page. */
function PaletteKey({ first }: { first: First }) {
  const [Palette, setPalette] = useState<PaletteOf | null>(null);
  useEffect(() => {
    const open = () => void import("./palette.js").then((loaded) => setPalette(() => loaded.Palette));
    const press = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      open();
    };
    addEventListener("keydown", press);
    addEventListener("palette", open);
    return () => {
      removeEventListener("keydown", press);
      removeEventListener("palette", open);
    };
  }, []);
  return Palette && <Palette first={first} close={() => setPalette(null)} />;
}

function Other({ name, ...props }: PageProps & { name: string }) {
  const [Page, setPage] = useState<ComponentType<PageProps> | null>(null);
  useEffect(() => {
    void PAGES[name]?.().then((loaded) => setPage(() => loaded));
  }, []);
  return Page && <Page {...props} />;
}
