import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { amount, change } from "./amounts.js";
import { Refusal } from "./api.js";
import { ask, labelOf, type Question, type Selection, text } from "./ask.js";
import { bill, type Bill, month } from "./billing.js";
import { type Panel, questionOf, type Turns } from "./boards.js";
import { roughly, trend, until } from "./capacity.js";
import { capital } from "./failure.js";
import { Graph } from "./graph.js";
import { write } from "./state.js";
import { type Narrow, TopTable } from "./table.js";
import { aboutOf, kindOf } from "./things.js";
import type { Theme } from "./theme.js";
import type { Times } from "./times.js";

/** What a panel has been answered. */
type Outcome = { kind: "selection"; selection: Selection } | { kind: "bill"; bill: Bill } | { kind: "failed"; refusal: Refusal };

/** What the panels of a dashboard have in common. */
export interface Surroundings {
  filters: string[];
  times: Times;
  /** Counts the times that all is asked again. */
  round: number;
  turns: Turns;
  theme: Theme;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
  zoom: (from: number, to: number) => void;
  isWall: boolean;
}

/** The answer to what a panel asks; asked again with each round, while what is there stays to be seen. */
function useAnswer(panel: Panel, question: Question, before: number, { round, turns }: Surroundings): [Outcome | null, boolean] {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [isBusy, setBusy] = useState(true);
  useEffect(() => {
    if (panel.type === "text") return setBusy(false);
    const controller = new AbortController();
    const { signal } = controller;
    setBusy(true);
    const asked = async (): Promise<Outcome> => {
      if (panel.type === "billing") return { kind: "bill", bill: await bill(question.filter, question.by, before, signal) };
      return { kind: "selection", selection: await ask(question, signal) };
    };
    turns.take(signal, asked).then(
      (found) => {
        if (signal.aborted) return;
        setOutcome(found);
        setBusy(false);
      },
      (error: unknown) => {
        if (signal.aborted) return;
        setOutcome({ kind: "failed", refusal: Refusal.of(error) });
        setBusy(false);
      },
    );
    return () => controller.abort();
  }, [JSON.stringify(question), panel.type, before, round]);
  return [outcome, isBusy];
}

/** A panel of a dashboard. */
export function PanelView({ panel, around }: { panel: Panel; around: Surroundings }) {
  const question = questionOf(panel, around.filters, around.times);
  const [before, setBefore] = useState(0);
  const [outcome, isBusy] = useAnswer(panel, question, before, around);
  const isGraph = !["number", "billing", "capacity", "text"].includes(panel.type);
  const type = isGraph ? (panel.type as Parameters<typeof Graph>[0]["type"]) : "stacked";
  const by = panel.by.length > 0 ? panel.by : ["SrcAS"];
  const link = write({ ...question, by, type, run: true });
  return (
    <section class={`panel card ${panel.width} ${panel.type}`} aria-label={panel.title} aria-busy={isBusy}>
      <header>
        <h2>{panel.type === "text" ? panel.title : <a href={link} title="Open it on the page of flows">{panel.title}</a>}</h2>
        {panel.type === "billing" && !around.isWall && <Month before={before} choose={setBefore} />}
        {isBusy && outcome !== null && <span class="faint">asking again …</span>}
      </header>
      {panel.type !== "number" && panel.description !== "" && <p class="faint">{panel.description}</p>}
      {outcome === null ? panel.type !== "text" && <p class="faint">asking the store …</p> : body(outcome)}
    </section>
  );

  function body(outcome: Outcome): ComponentChildren {
    if (outcome.kind === "failed") return <p class="notice" role="alert">{capital(outcome.refusal.message)}.</p>;
    if (outcome.kind === "bill") return <Billing bill={outcome.bill} columns={panel.by} />;
    const { selection } = outcome;
    if (panel.type === "number") return <Figure selection={selection} />;
    if (selection.rows.length === 0) return <p class="faint">No flow of this time matches.</p>;
    if (panel.type === "capacity") return <Fullest selection={selection} />;
    const { theme, narrow, canNarrow, zoom } = around;
    return (
      <>
        <Graph type={type} selection={selection} theme={theme} zoom={zoom} narrow={narrow} canNarrow={canNarrow} sync="board" />
        {!around.isWall && <TopTable selection={selection} narrow={narrow} canNarrow={canNarrow} isShort />}
      </>
    );
  }
}

/** The traffic of the whole as a number. */
function Figure({ selection }: { selection: Selection }) {
  const { unit, compared } = selection;
  const row = selection.rows.find(({ direction }) => direction === "forward");
  if (row === undefined) return <p class="figure">{amount(0, unit)}</p>;
  const most = row.max || 1;
  const at = (value: number, place: number) => `${((place / Math.max(1, row.points.length - 1)) * 200).toFixed(1)},${(38 - (value / most) * 36).toFixed(1)}`;
  return (
    <div class="figure">
      <strong>{amount(row.average, unit)}</strong>
      <svg viewBox="0 0 200 40" preserveAspectRatio="none" aria-hidden="true">
        <polyline points={row.points.map(at).join(" ")} fill="none" stroke="var(--line-0)" stroke-width="1.5" vector-effect="non-scaling-stroke" />
      </svg>
      <span class="faint">
        at most {amount(row.max, unit)}, 95th {amount(row.p95, unit)}
        {compared !== null && row.before !== null && `; ${change(row.average, row.before)} than ${compared.name}`}
      </span>
    </div>
  );
}

const MONTHS = [0, 1, 2, 3];

function Month({ before, choose }: { before: number; choose: (before: number) => void }) {
  const name = (back: number) => new Date(month(back, Date.now()).from * 1000).toLocaleDateString([], { month: "long", year: "numeric" });
  return (
    <select class="tools" aria-label="Month" value={String(before)} onChange={(event) => choose(Number(event.currentTarget.value))}>
      {MONTHS.map((back) => (
        <option key={back} value={String(back)}>
          {name(back)}
        </option>
      ))}
    </select>
  );
}

const moment = (time: number): string =>
  new Date(time * 1000).toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** The 95th percentile of a month: in, out, and the larger, which is billed. */
function Billing({ bill: { rows, points, missing, gaps, from, to }, columns }: { bill: Bill; columns: string[] }) {
  const named = (place: number, name: string) => {
    const value = rows[place]?.values[columns.indexOf(name)] ?? null;
    const label = rows[place]?.labels[columns.indexOf(name)] ?? "";
    return label === "" ? String(value ?? "") || "empty" : `${String(value)} ${label}`;
  };
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="95th percentile">
        <table class="top">
          <thead>
            <tr>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col" class="number">
                In
              </th>
              <th scope="col" class="number">
                Out
              </th>
              <th scope="col" class="number">
                The larger
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ forward, reverse }, place) => (
              <tr key={place}>
                {columns.map((name) => (
                  <td key={name}>{named(place, name)}</td>
                ))}
                <td class="number">{amount(forward, "bits")}</td>
                <td class="number">{amount(reverse, "bits")}</td>
                <td class="number">
                  <strong>{amount(Math.max(forward, reverse), "bits")}</strong>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="faint">
        95th percentile of {points.toLocaleString("en")} points of five minutes, from {moment(from)} to {moment(to)}.{" "}
        {missing === 0
          ? "None is without traffic."
          : `${missing.toLocaleString("en")} are without any traffic and count as 0: ${gaps
              .slice(0, 3)
              .map((gap) => `${moment(gap.from)} to ${moment(gap.to)}`)
              .join(", ")}${gaps.length > 3 ? ` and ${gaps.length - 3} more times` : ""}.`}
      </p>
    </>
  );
}

/** The page of the interface of a row. */
function aboutRow(values: string[], columns: string[]): string {
  const at = columns.findIndex((name) => kindOf(name) === "Interface");
  const exporter = values[columns.indexOf("ExporterName")];
  return at < 0 ? aboutOf(columns[0] ?? "", values[0] ?? "") : aboutOf(columns[at] ?? "", values[at] ?? "", exporter);
}

/** The fullest interfaces, and when their trend meets their speed. */
function Fullest({ selection: { rows, columns, times, unit } }: { selection: Selection }) {
  const shown = rows.filter((row) => !row.isRest && row.direction === "forward");
  const part = (value: number) => ({ "--part": Math.min(1, value).toFixed(4) });
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Fullest interfaces">
        <table class="top">
          <thead>
            <tr>
              <th scope="col">Interface</th>
              <td class="spark" />
              <th scope="col" class="number">
                Average
              </th>
              <th scope="col" class="number">
                95th
              </th>
              <th scope="col" class="number">
                Max
              </th>
              <th scope="col">Full, as it grows</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => {
              const line = trend(times, row.points);
              const level = row.p95 >= 0.9 ? "error" : row.p95 >= 0.7 ? "warning" : "";
              return (
                <tr key={labelOf(row, columns)}>
                  <th scope="row">
                    <a href={aboutRow(row.values.map(text), columns)}>{labelOf(row, columns)}</a>
                  </th>
                  <td class="bar">
                    <span class={`fill ${level}`} style={part(row.p95)} />
                    <span class="mark" style={part(row.max)} />
                  </td>
                  <td class="number">{amount(row.average, unit)}</td>
                  <td class="number">{amount(row.p95, unit)}</td>
                  <td class="number">{amount(row.max, unit)}</td>
                  <td>{line === null ? "three days are needed" : roughly(until(line, 1))}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="faint">
        The bar is the 95th percentile, the mark the largest point, its end the speed. The trend is a straight line through the largest
        point of each day: it knows no seasons.
      </p>
    </>
  );
}
