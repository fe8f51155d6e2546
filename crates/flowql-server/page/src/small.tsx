import { useState } from "preact/hooks";

import { amount } from "./amounts.js";
import { keyOf, labelOf, type Selection } from "./ask.js";
import { colours, resolved } from "./colours.js";
import { useWidth } from "./width.js";

const HEIGHT = 110;
const GAP = 14;
const TOP = 34;

/** A small graph for each value, all on one scale or each on its own. */
export function SmallMultiples({ selection }: { selection: Selection }) {
  const [box, width] = useWidth();
  const [isOwn, setOwn] = useState(false);
  return (
    <figure class="heat" aria-label="A small graph for each value; the values are in the table below">
      <label class="check">
        <input type="checkbox" checked={isOwn} onChange={(event) => setOwn(event.currentTarget.checked)} />
        <span>each by its own scale</span>
      </label>
      <div ref={box}>{width > 0 && box.current && draw(selection, width, isOwn, getComputedStyle(box.current))}</div>
    </figure>
  );
}

function draw(selection: Selection, width: number, isOwn: boolean, style: CSSStyleDeclaration) {
  const { rows, columns, unit, times } = selection;
  const across = Math.max(1, Math.min(rows.length, Math.floor((width + GAP) / 260)));
  const wide = (width - GAP * (across - 1)) / across;
  const most = Math.max(...rows.map((row) => row.max)) || 1;
  const numbers = colours(selection);
  const ink = style.getPropertyValue("--ink").trim();
  const [faint, rule] = [style.getPropertyValue("--faint").trim(), style.getPropertyValue("--rule").trim()];
  const height = Math.ceil(rows.length / across) * (HEIGHT + GAP);
  const length = Math.max(1, Math.floor(wide / 7.2));
  const short = (label: string) => (label.length > length ? `${label.slice(0, length - 1)}…` : label);
  return (
    <svg class="graph" viewBox={`0 0 ${width} ${height}`} width={width} height={height} font-family="sans-serif" font-size="12">
      {rows.map((row, place) => {
        const [left, top] = [(place % across) * (wide + GAP), Math.floor(place / across) * (HEIGHT + GAP)];
        const whole = isOwn ? row.max || 1 : most;
        const x = (at: number) => left + (at / Math.max(1, times.length - 1)) * wide;
        const y = (value: number) => top + HEIGHT - (value / whole) * (HEIGHT - TOP);
        const line = row.points.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
        const colour = resolved(style, numbers[place] ?? null);
        const label = `${row.direction === "reverse" ? "← " : ""}${labelOf(row, columns)}`;
        return (
          <g key={keyOf(row)}>
            <title>{`${label}: ${amount(row.average, unit)} on average, ${amount(row.max, unit)} at most`}</title>
            <text x={left} y={top + 12} fill={ink}>
              {short(label)}
            </text>
            <text x={left} y={top + 27} fill={faint} font-size="11">
              {`${amount(row.average, unit)}, at most ${amount(row.max, unit)}`}
            </text>
            <line x1={left} x2={left + wide} y1={top + HEIGHT} y2={top + HEIGHT} stroke={rule} />
            <polygon points={`${left},${top + HEIGHT} ${line.join(" ")} ${left + wide},${top + HEIGHT}`} fill={colour} fill-opacity="0.3" />
            <polyline points={line.join(" ")} fill="none" stroke={colour} stroke-width="1.3" />
          </g>
        );
      })}
    </svg>
  );
}
