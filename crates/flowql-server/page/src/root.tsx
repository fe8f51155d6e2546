import type { FlowQL } from "@flowql/wasm";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { App, type First } from "./app.js";
import { Refusal } from "./api.js";
import { Masthead } from "./masthead.js";
import { useTheme } from "./theme.js";

/** Whether the address is that of the page of exporters. */
const isExporters = (): boolean => location.hash === "#exporters";

/** The page that the address is of: that of flows, or of those who send them, which is loaded when it is opened. */
export function Root({ language, first }: { language: FlowQL; first: First }) {
  const [isOther, setOther] = useState(isExporters);
  useEffect(() => {
    const follow = () => setOther(isExporters());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return isOther ? <Other first={first} /> : <App language={language} first={first} />;
}

function Other({ first }: { first: First }) {
  const [theme, toggleTheme] = useTheme();
  const [Page, setPage] = useState<ComponentType | null>(null);
  useEffect(() => {
    void import("./exporters.js").then(({ Exporters }) => setPage(() => Exporters));
  }, []);
  const service = first.service instanceof Refusal ? null : first.service;
  return (
    <>
      <Masthead service={service} isUp theme={theme} toggleTheme={toggleTheme} />
      {Page && <Page />}
    </>
  );
}
