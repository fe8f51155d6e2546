import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { amount } from "./amounts.js";
import { labelOf, type Selection } from "./ask.js";
import { colours, css, resolved } from "./colours.js";
import { type Curve, curvesOf, type Kind } from "./curves.js";
import type { Theme } from "./theme.js";

/** Where the pointer is. */
interface Pointed {
  place: number;
  left: number;
}

/** The traffic over time. A range that is dragged over becomes the time. */
export function Chart(props: {
  selection: Selection;
  kind: Kind;
  theme: Theme;
  zoom: (from: number, to: number) => void;
  /** Charts of the same name share their cursor. */
  sync?: string;
}) {
  const { selection, kind, theme, zoom, sync } = props;
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const zoomed = useRef(zoom);
  zoomed.current = zoom;
  const curves = curvesOf(selection, kind, colours(selection));
  // What only grows newer keeps its chart, and the pointer in it.
  const shape = JSON.stringify([kind, theme, selection.unit, curves.map(({ colour, lower }) => [colour, lower])]);
  const data = (): uPlot.AlignedData => [selection.times, ...curves.map(({ values }) => values)];
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const point = (chart: uPlot) => {
      const { idx, left = -1 } = chart.cursor;
      setPointed(idx == null || left < 0 ? null : { place: idx, left: left + chart.bbox.left / devicePixelRatio });
    };
    const settings = options(element, selection, kind, curves, { point, sync, zoom: (from, to) => zoomed.current(from, to) });
    const chart = new uPlot(settings, data(), element);
    drawn.current = chart;
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: height(element) }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
      drawn.current = null;
    };
    // A chart keeps the colours with which it was made.
  }, [shape]);
  useEffect(() => drawn.current?.setData(data()), [selection]);
  /** Moves the cursor by points, as the arrow keys do. */
  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const chart = drawn.current;
    if (step === undefined || !chart) return;
    event.preventDefault();
    const place = Math.min(selection.times.length - 1, Math.max(0, (pointed?.place ?? (step > 0 ? -1 : selection.times.length)) + step));
    chart.setCursor({ left: chart.valToPos(selection.times[place] ?? 0, "x"), top: 0 });
  };
  const peak = Math.max(0, ...curves.flatMap(({ values }) => values));
  const label = kind === "percent" ? "shares of the whole" : `${amount(peak, selection.unit)} at the peak`;
  return (
    <figure class="chart" tabIndex={0} onKeyDown={move} aria-label={`Traffic over time: ${label}; the values are in the table below`}>
      <div ref={box} />
      {pointed && <Readout selection={selection} pointed={pointed} width={box.current?.clientWidth ?? 0} />}
    </figure>
  );
}

/** The values at the time under the pointer. */
function Readout({ selection, pointed, width }: { selection: Selection; pointed: Pointed; width: number }) {
  const { times, rows, columns, unit, compared } = selection;
  const time = new Date((times[pointed.place] ?? 0) * 1000);
  const numbers = colours(selection);
  const all = rows.map((row, place) => ({ row, colour: css(numbers[place] ?? null), value: row.points[pointed.place] ?? 0 }));
  const most = all.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value);
  const sum = (direction: string) => all.reduce((sum, { row, value }) => sum + (row.direction === direction ? value : 0), 0);
  const isRight = pointed.left > width / 2;
  const place = isRight ? { right: `${width - pointed.left + 14}px` } : { left: `${pointed.left + 14}px` };
  const isBoth = rows.some((row) => row.direction === "reverse");
  return (
    <div class="readout" role="status" style={place}>
      <strong>{time.toLocaleString([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" })}</strong>
      {most.slice(0, 12).map(({ row, colour, value }) => (
        <div key={`${row.direction}${labelOf(row, columns)}`}>
          <span class="swatch" style={{ background: colour }} />
          <span>
            {isBoth && (row.direction === "forward" ? "→ " : "← ")}
            {labelOf(row, columns)}
          </span>
          <span>{amount(value, unit)}</span>
        </div>
      ))}
      {compared && (
        <div>
          <span class="swatch dashed" />
          <span>{compared.name}</span>
          <span>{amount(compared.points[pointed.place] ?? 0, unit)}</span>
        </div>
      )}
      <div>
        <span />
        <span>together</span>
        <span>{isBoth ? `${amount(sum("forward"), unit)} → ← ${amount(sum("reverse"), unit)}` : amount(sum("forward"), unit)}</span>
      </div>
    </div>
  );
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
  { unit, times }: Selection,
  kind: Kind,
  curves: Curve[],
  { point, zoom, sync }: { point: (chart: uPlot) => void; zoom: (from: number, to: number) => void; sync: string | undefined },
): uPlot.Options {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const font = `12px ${value("--sans")}`;
  const axis = { stroke: value("--faint"), font, grid: { stroke: value("--rule"), width: 1 }, ticks: { show: false } };
  const stroke = ({ colour }: Curve) => (typeof colour === "string" ? value("--ink") : resolved(style, colour));
  const series = curves.map((curve): uPlot.Series => {
    const line = curve.colour === "none" ? {} : { stroke: stroke(curve), width: curve.colour === "ink" ? 1.5 : 1.2 };
    return { ...line, dash: curve.colour === "ink" ? [6, 5] : [], points: { show: times.length < 3 && curve.colour !== "none" } };
  });
  const bands = curves.flatMap((curve, place): uPlot.Band[] => {
    if (curve.lower === null) return [];
    const [upper, lower] = curve.isBelow ? [curve.lower, place] : [place, curve.lower];
    return [{ series: [upper + 1, lower + 1], fill: `color-mix(in srgb, ${stroke(curve)} 60%, transparent)` }];
  });
  const select = (chart: uPlot) => {
    const { left, width } = chart.select;
    if (width > 4) zoom(Math.floor(chart.posToVal(left, "x")), Math.ceil(chart.posToVal(left + width, "x")));
  };
  const tick = (value: number) => {
    if (value === 0) return "0";
    return kind === "percent" ? `${Math.round(Math.abs(value) * 100)} %` : amount(Math.abs(value), unit);
  };
  const bound = (value: number) => (kind === "percent" ? value : value * 1.06);
  return {
    width: element.clientWidth,
    height: height(element),
    padding: [12, 22, 0, 0],
    scales: { y: { range: (_, least, most) => [least < 0 ? bound(least) : 0, most > 0 ? bound(most) : least < 0 ? 0 : 1] } },
    axes: [
      { ...axis, size: 30, space: 64, values: clock },
      { ...axis, size: 82, space: 44, values: (_, ticks) => ticks.map(tick) },
    ],
    series: [{}, ...series],
    bands,
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      ...(sync === undefined ? {} : { sync: { key: sync, setSeries: false, scales: ["x", null] } }),
    },
    hooks: { setCursor: [point], setSelect: [select] },
  };
}
