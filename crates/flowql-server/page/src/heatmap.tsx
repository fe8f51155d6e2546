import { useState } from "preact/hooks";

import { amount } from "./amounts.js";
import { labelOf, type Selection } from "./ask.js";
import { useWidth } from "./width.js";

const ROW = 20;

/** The values by time: the more traffic, the stronger the colour, each row by its own largest point or by that of all. */
export function Heatmap({ selection, zoom }: { selection: Selection; zoom: (from: number, to: number) => void }) {
  const { rows, times, columns, unit, plan } = selection;
  const [box, width] = useWidth();
  const [isOwn, setOwn] = useState(false);
  const most = Math.max(...rows.map((row) => row.max)) || 1;
  const left = Math.min(220, width * 0.35);
  const cell = (width - left) / Math.max(1, times.length);
  const height = rows.length * ROW + 24;
  const clock = (time: number) =>
    new Date(time * 1000).toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const short = (label: string) => (label.length > left / 7 ? `${label.slice(0, Math.max(1, Math.floor(left / 7) - 1))}…` : label);
  return (
    <figure class="heat" aria-label="Values by time; the values are in the table below">
      <label class="check">
        <input type="checkbox" checked={isOwn} onChange={(event) => setOwn(event.currentTarget.checked)} />
        <span>each row by its own scale</span>
      </label>
      <div ref={box}>
        {width > 0 && box.current && (
          <svg class="graph" viewBox={`0 0 ${width} ${height}`} width={width} height={height} font-family="sans-serif" font-size="12">
            {rows.map((row, place) => {
              const label = labelOf(row, columns);
              const whole = isOwn ? row.max || 1 : most;
              return (
                <g key={`${row.direction}${label}`}>
                  <text x={left - 6} y={place * ROW + 14} text-anchor="end" fill={ink(box.current)}>
                    {short(row.direction === "reverse" ? `← ${label}` : label)}
                  </text>
                  {row.points.map((value, at) => (
                    <rect
                      key={times[at]}
                      x={left + at * cell}
                      y={place * ROW + 1}
                      width={cell + 0.4}
                      height={ROW - 2}
                      fill={accent(box.current)}
                      fill-opacity={value > 0 ? (0.06 + 0.94 * Math.sqrt(value / whole)).toFixed(3) : 0}
                      onClick={() => zoom(times[at] ?? 0, (times[at] ?? 0) + (plan.interval ?? 1))}
                    >
                      <title>{`${label}, ${clock(times[at] ?? 0)}: ${amount(value, unit)}`}</title>
                    </rect>
                  ))}
                </g>
              );
            })}
            {[0, 0.5, 1].map((part) => {
              const time = times[Math.round(part * (times.length - 1))];
              const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
              return (
                <text key={part} x={left + (width - left) * part} y={height - 6} text-anchor={anchor} fill={ink(box.current)}>
                  {time === undefined ? "" : clock(time)}
                </text>
              );
            })}
          </svg>
        )}
      </div>
    </figure>
  );
}

const property = (element: Element | null, name: string): string =>
  element === null ? "" : getComputedStyle(element).getPropertyValue(name).trim();

const ink = (element: Element | null): string => property(element, "--ink");

const accent = (element: Element | null): string => property(element, "--accent");
