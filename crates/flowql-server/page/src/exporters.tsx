import { useEffect, useState } from "preact/hooks";

import { type Collected, collected, type ExporterProblem, isWithoutCollector, Refusal } from "./api.js";
import { Masthead } from "./masthead.js";
import type { PageProps } from "./root.js";
import { useTheme } from "./theme.js";

/** How often the collector is asked, in milliseconds. */
const PERIOD = 5000;

/** What the collector says of those who send; `null` before it has answered. */
function useCollected(): Collected | Refusal | null {
  const [found, setFound] = useState<Collected | Refusal | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async () => {
      if (document.visibilityState !== "hidden") {
        const answer = await collected().catch(Refusal.of);
        if (isOver) return;
        setFound(answer);
      }
      timer = setTimeout(() => void look(), PERIOD);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);
  return found;
}

const rounded = (number: number): string => number.toLocaleString("en", { maximumFractionDigits: number < 10 ? 1 : 0 });

/** A clock that is ahead or behind, as `+1.2 s`. */
function clock(ms: number | null): string {
  if (ms === null) return "–";
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 1) return "right";
  const [size, unit] = seconds < 120 ? [seconds, "s"] : seconds < 7200 ? [seconds / 60, "min"] : [seconds / 3600, "h"];
  return `${ms < 0 ? "−" : "+"}${rounded(size)} ${unit}`;
}

/** Who sends flows, and what is wrong with each: the worst first, as the collector has them. */
export function Exporters({ first }: PageProps) {
  const [theme, toggleTheme] = useTheme();
  const found = useCollected();
  const service = first.service instanceof Refusal ? null : first.service;
  return (
    <>
      <Masthead service={service} isUp theme={theme} toggleTheme={toggleTheme} />
      <main class="whole">
        <section class="panel exporters" aria-label="Exporters" aria-busy={found === null}>
          <header>
            <h2>Who sends flows</h2>
          </header>
          {found === null ? <p class="faint">asking the collector …</p> : found instanceof Refusal ? <Without refusal={found} /> : <List found={found} />}
        </section>
      </main>
    </>
  );
}

function Without({ refusal }: { refusal: Refusal }) {
  if (!isWithoutCollector(refusal)) {
    return (
      <div class="notice" role="alert">
        <strong>The collector does not answer</strong>
        <p>{refusal.message}. It is asked again by itself.</p>
      </div>
    );
  }
  return (
    <div class="notice" role="alert">
      <strong>This service has no collector</strong>
      <p>
        Flows are received by <code>flowql collect</code>. Where it runs, <code>flowql exporters</code> lists who sends, and what is
        wrong with each.
      </p>
    </div>
  );
}

function List({ found: { exporters, problems } }: { found: Collected }) {
  if (exporters.length === 0 && problems.length === 0) {
    return (
      <div class="notice" role="alert">
        <strong>Nobody sends flows</strong>
        <p>Let your routers send NetFlow, IPFIX or sFlow to the addresses of the collector, and open its ports in the firewalls between.</p>
      </div>
    );
  }
  return (
    <>
      <Problems problems={problems} />
      <div class="scroll" tabIndex={0} role="region" aria-label="List of exporters">
        <table class="top">
          <thead>
            <tr>
              <th scope="col">Exporter</th>
              <th scope="col">Protocols</th>
              <th scope="col" class="number">Flows/s</th>
              <th scope="col" class="number">Templates</th>
              <th scope="col" class="number">Lost</th>
              <th scope="col" class="number">Clock</th>
            </tr>
          </thead>
          {exporters.map((exporter) => (
            <tbody key={exporter.address}>
              <tr>
                <th scope="row">
                  {exporter.name} {exporter.name !== exporter.address && <span class="faint">{exporter.address}</span>}
                </th>
                <td>{exporter.protocols.join(", ")}</td>
                <td class="number">{exporter.flows_per_second === null ? "–" : rounded(exporter.flows_per_second)}</td>
                <td class="number">{exporter.templates}</td>
                <td class="number">{rounded(exporter.lost)}</td>
                <td class="number">{clock(exporter.clock_ms)}</td>
              </tr>
              {exporter.problems.length > 0 && (
                <tr>
                  <td colSpan={6} class="wrapped">
                    <Problems problems={exporter.problems} />
                  </td>
                </tr>
              )}
            </tbody>
          ))}
        </table>
      </div>
    </>
  );
}

/** What is wrong, and what to do about it. */
export function Problems({ problems }: { problems: ExporterProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul class="wrong">
      {problems.map(({ kind, severity, message, advice }) => (
        <li key={kind + message} class={severity}>
          <strong>{severity}</strong> {message} <span class="faint">{advice}</span>
        </li>
      ))}
    </ul>
  );
}
