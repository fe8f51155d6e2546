import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { amount } from "./amounts.js";
import { type Line, LINES, type Selection } from "./ask.js";
import type { Theme } from "./theme.js";

/** Where the pointer is. */
interface Pointed {
  place: number;
  left: number;
}

/** The traffic over time, the values on top of each other. A range that is dragged over becomes the time. */
export function Chart(props: { selection: Selection; theme: Theme; zoom: (from: number, to: number) => void }) {
  const { selection, theme, zoom } = props;
  const { times, lines, unit } = selection;
  const box = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const zoomed = useRef(zoom);
  zoomed.current = zoom;
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const point = (chart: uPlot) => {
      const { idx, left = -1 } = chart.cursor;
      setPointed(idx == null || left < 0 ? null : { place: idx, left: left + chart.bbox.left / devicePixelRatio });
    };
    const settings = options(element, selection, point, (from, to) => zoomed.current(from, to));
    const chart = new uPlot(settings, [times, ...stacked(lines).reverse()], element);
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: height(element) }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
    // A chart keeps the colours with which it was made.
  }, [selection, theme]);
  const totals = stacked(lines).at(-1) ?? [];
  const label = `${amount(Math.max(0, ...totals), unit)} at the peak; the values are in the table below`;
  return (
    <div class="chart">
      <div ref={box} role="img" aria-label={`Traffic over time: ${label}`} />
      {pointed && <Readout selection={selection} pointed={pointed} width={box.current?.clientWidth ?? 0} />}
    </div>
  );
}

/** The values at the time under the pointer. */
function Readout({ selection, pointed, width }: { selection: Selection; pointed: Pointed; width: number }) {
  const { times, lines, unit } = selection;
  const time = new Date((times[pointed.place] ?? 0) * 1000);
  const rows = lines.map((line, place) => ({ ...line, place, value: line.values[pointed.place] ?? 0 }));
  const whole = rows.reduce((sum, row) => sum + row.value, 0);
  const isRight = pointed.left > width / 2;
  const place = isRight ? { right: `${width - pointed.left + 14}px` } : { left: `${pointed.left + 14}px` };
  return (
    <div class="readout" aria-hidden="true" style={place}>
      <strong>{time.toLocaleString([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" })}</strong>
      {rows
        .filter((row) => row.value > 0)
        .map((row) => (
          <div key={row.place}>
            <span class={`swatch line-${colour(selection, row.place)}`} />
            <span>{row.label}</span>
            <span>{amount(row.value, unit)}</span>
          </div>
        ))}
      <div>
        <span />
        <span>together</span>
        <span>{amount(whole, unit)}</span>
      </div>
    </div>
  );
}

/** The colour of a line; what is not among the rows has one of its own. */
const colour = ({ rows }: Selection, place: number): number | "rest" => (place < Math.min(rows.length, LINES) ? place : "rest");

/** Each line on top of those before it. */
function stacked(lines: Line[]): number[][] {
  let below: number[] = [];
  return lines.map(({ values }) => (below = values.map((value, place) => value + (below[place] ?? 0))));
}

const height = (element: HTMLElement): number => (element.clientWidth < 600 ? 200 : 270);

/** The ticks of the time, as people write it: the day at midnight, else the time of the day. */
function clock(_: uPlot, ticks: number[], __: number, ___: number, step: number): string[] {
  return ticks.map((tick) => {
    const time = new Date(tick * 1000);
    const isDay = step >= 86_400 || (time.getHours() === 0 && time.getMinutes() === 0);
    if (isDay) return time.toLocaleDateString([], { month: "short", day: "numeric" });
    const second = step < 60 ? ({ second: "2-digit" } as const) : {};
    return time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...second });
  });
}

function options(
  element: HTMLElement,
  selection: Selection,
  point: (chart: uPlot) => void,
  zoom: (from: number, to: number) => void,
): uPlot.Options {
  const { lines, unit } = selection;
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const font = `12px ${value("--sans")}`;
  const axis = { stroke: value("--faint"), font, grid: { stroke: value("--rule"), width: 1 }, ticks: { show: false } };
  // The uppermost is drawn first.
  const series = lines.map((line, place) => {
    const stroke = value(`--line-${colour(selection, place)}`);
    return { label: line.label, stroke, fill: `${stroke}99`, width: 1.2, points: { show: line.values.length < 3 } };
  });
  const select = (chart: uPlot) => {
    const { left, width } = chart.select;
    if (width > 4) zoom(Math.floor(chart.posToVal(left, "x")), Math.ceil(chart.posToVal(left + width, "x")));
  };
  return {
    width: element.clientWidth,
    height: height(element),
    padding: [12, 22, 0, 0],
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.06 : 1] } },
    axes: [
      { ...axis, size: 30, space: 64, values: clock },
      { ...axis, size: 82, space: 44, values: (_, ticks) => ticks.map((tick) => (tick === 0 ? "0" : amount(tick, unit))) },
    ],
    series: [{}, ...series.reverse()],
    bands: lines.slice(1).map((_, place) => ({ series: [place + 1, place + 2] as [number, number] })),
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { show: false } },
    hooks: { setCursor: [point], setSelect: [select] },
  };
}
