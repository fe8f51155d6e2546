import { useEffect, useState } from "preact/hooks";

import { describeService, query, type Service } from "./api.js";
import type { Question, Selection } from "./ask.js";
import { capital } from "./failure.js";
import { type Hint, ofAnswer, SILENCE, silent } from "./silence.js";

/** What was asked of a time: answers of a minute ago are good enough. */
const known = new Map<string, { at: number; hints: Promise<Hint[]> }>();

/** Asks which exporters were silent, on the coarsest table, and what the collector says of those who send. */
async function askSilent(plan: Selection["plan"], service: Service): Promise<Hint[]> {
  const step = Math.max(SILENCE, 2 * (plan.interval ?? 0), 2 * Math.max(...service.tables.map(({ resolution }) => resolution).filter((s) => s <= 300), 0));
  const [from, to] = [plan.from - step, Math.min(plan.to + step, Math.floor(Date.now() / 1000))];
  if ((to - from) / step < 3) return [];
  const signal = AbortSignal.timeout(10_000);
  const question = { filter: "", kind: "series" as const, columns: ["ExporterName"], unit: "packets" as const, from, to, step, limit: 50 };
  const answer = await query(question, signal);
  const [time, name, value] = ["time", "ExporterName", "packets"].map((column) => answer.columns.findIndex((found) => found.name === column));
  const times = [...new Set(answer.rows.map((row) => Number(row[time!])))].sort((a, b) => a - b);
  const points = new Map<string, boolean[]>();
  for (const row of answer.rows) {
    const exporter = row[name!];
    if (typeof exporter !== "string" || exporter === "") continue;
    const seen = points.get(exporter) ?? times.map(() => false);
    seen[times.indexOf(Number(row[time!]))] = Number(row[value!]) > 0;
    points.set(exporter, seen);
  }
  return silent(points, step, service.user.sees !== "all");
}

function silence(plan: Selection["plan"], service: Service): Promise<Hint[]> {
  const now = Date.now();
  for (const [key, { at }] of known) if (now - at > 60_000) known.delete(key);
  const key = JSON.stringify([Math.round(plan.from / 60), Math.round(plan.to / 60)]);
  const found = known.get(key) ?? { at: now, hints: askSilent(plan, service).catch(() => []) };
  known.set(key, found);
  return found.hints;
}

/** What to know of the numbers, where they are shown. It is asked for after the answer, which does not wait for it. */
export function Hints({ selection, question }: { selection: Selection; question: Question }) {
  const [hints, setHints] = useState<Hint[]>([]);
  const { plan } = selection;
  const asked = JSON.stringify([question.filter, question.by, question.from, question.to, plan.table, plan.interval]);
  useEffect(() => {
    let isOver = false;
    const look = async () => {
      const service = await describeService().catch(() => null);
      const own = ofAnswer(selection, service, { from: plan.from });
      if (isOver) return;
      setHints(own);
      if (service === null) return;
      const others = await silence(plan, service);
      const doubling = (service.collector?.problems ?? [])
        .filter(({ message }) => /twice|doubl|sampling/i.test(message))
        .map(({ exporter, message }) => ({ text: `${exporter === undefined ? "" : `${exporter}: `}${message}`, isGrave: true }));
      if (!isOver) setHints([...doubling, ...others, ...own]);
    };
    void look();
    return () => {
      isOver = true;
    };
  }, [asked]);
  if (hints.length === 0) return null;
  const shown = [...hints].sort((a, b) => Number(b.isGrave) - Number(a.isGrave));
  return (
    <details class="hints" open={shown.length <= 2}>
      <summary>{shown.length === 1 ? "One thing to know of these numbers" : `${shown.length} things to know of these numbers`}</summary>
      <ul class="wrong">
        {shown.map(({ text, isGrave }) => (
          <li key={text} class={isGrave ? "warning" : "hint"}>
            {capital(text)}.
          </li>
        ))}
      </ul>
    </details>
  );
}
