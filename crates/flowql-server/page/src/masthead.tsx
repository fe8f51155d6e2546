import type { Service } from "./api.js";
import icon from "./icon.svg";
import { listingOf } from "./listing.js";
import { INITIAL, tailOf, write } from "./state.js";
import type { Theme } from "./theme.js";
import type { Times } from "./times.js";

/** The name, how the service is, and what else there is; a filter is taken along to where there is one. */
export function Masthead(props: { service: Service | null; isUp: boolean; theme: Theme; toggleTheme: () => void; filter?: string; times?: Times }) {
  const { service, isUp, theme, toggleTheme, filter = "", times } = props;
  const backend = service?.backend ?? null;
  const other = theme === "dark" ? "light" : "dark";
  return (
    <header class="masthead">
      <a class="home" href="#dashboards&v=1&name=home" title="Home: the overview">
        <img src={icon} alt="" width="28" height="28" />
        <h1>FlowQL</h1>
      </a>
      <span class={`health ${!isUp ? "down" : backend === null ? "part" : ""}`}>{isUp ? (backend ?? "no backend") : "no service"}</span>
      <nav aria-label="Page">
        <a href={write({ ...INITIAL, ...times, filter }) || "#"}>Flows</a>
        <a href={listingOf(filter, times ?? { from: "-1h", to: "now" })}>Single flows</a>
        <a href={tailOf(filter)}>Tail</a>
        <a href="#dashboards">Dashboards</a>
        <a href="#exporters">Exporters</a>
        <a href="docs/">API</a>
        <button type="button" class="small" onClick={() => dispatchEvent(new Event("palette"))} title="All actions: Ctrl-K">
          <kbd>Ctrl K</kbd>
          <span class="word">Actions</span>
        </button>
        <button type="button" class="small" onClick={toggleTheme} aria-label={`Switch to the ${other} theme`}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            {theme === "dark" ? (
              <path d="M8 4.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M3 13l1.2-1.2M11.8 4.2 13 3" />
            ) : (
              <path d="M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z" />
            )}
          </svg>
        </button>
      </nav>
    </header>
  );
}
