import { amount } from "./amounts.js";
import { labelOf, type Selection } from "./ask.js";
import { colours, resolved } from "./colours.js";
import { curvesOf, type Kind } from "./curves.js";

const WIDTH = 1200;
const LEFT = 90;
const TOP = 20;
const PLOT = 380;

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (found) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[found] ?? "");

/** A graph over time as an SVG that needs nothing else, with the names of its values below it. */
export function picture(selection: Selection, kind: Kind, style: CSSStyleDeclaration): string {
  const value = (name: string) => style.getPropertyValue(name).trim();
  const numbers = colours(selection);
  const curves = curvesOf(selection, kind, numbers);
  const { times, rows, columns, unit } = selection;
  const [begin = 0, end = 1] = [times[0], times.at(-1)];
  const all = curves.flatMap(({ values }) => values);
  const [least, most] = [Math.min(0, ...all), Math.max(0, ...all) || 1];
  const x = (time: number) => LEFT + ((time - begin) / Math.max(1, end - begin)) * (WIDTH - LEFT - 20);
  const y = (found: number) => TOP + ((most - found) / (most - least)) * PLOT;
  const path = (values: number[]) => values.map((found, place) => `${x(times[place] ?? 0).toFixed(1)},${y(found).toFixed(1)}`);
  const parts: string[] = [];
  for (const step of [0, 0.25, 0.5, 0.75, 1]) {
    const at = least + (most - least) * step;
    const said = kind === "percent" ? `${Math.round(Math.abs(at) * 100)} %` : amount(Math.abs(at), unit);
    parts.push(`<path d="M${LEFT} ${y(at)}H${WIDTH - 20}" stroke="${value("--rule")}"/>`);
    parts.push(`<text x="${LEFT - 8}" y="${y(at) + 4}" text-anchor="end">${escaped(said)}</text>`);
    const time = new Date((begin + (end - begin) * step) * 1000);
    const clock = time.toISOString().slice(0, 16).replace("T", " ");
    const anchor = step === 0 ? "start" : step === 1 ? "end" : "middle";
    parts.push(`<text x="${x(time.getTime() / 1000)}" y="${TOP + PLOT + 20}" text-anchor="${anchor}">${clock} UTC</text>`);
  }
  for (const curve of curves) {
    if (curve.colour === "none") continue;
    const ink = curve.colour === "ink" ? value("--ink") : resolved(style, curve.colour);
    const points = path(curve.values);
    const lower = curve.lower === null ? undefined : curves[curve.lower];
    if (lower) {
      const area = [...points, ...path(lower.values).reverse()].join(" ");
      parts.push(`<polygon points="${area}" fill="${ink}" fill-opacity="0.6"/>`);
    }
    const dash = curve.colour === "ink" ? ' stroke-dasharray="6 5"' : "";
    parts.push(`<polyline points="${points.join(" ")}" fill="none" stroke="${ink}" stroke-width="1.4"${dash}/>`);
  }
  let line = TOP + PLOT + 52;
  for (const [place, row] of rows.entries()) {
    const name = `${row.direction === "reverse" ? "← " : ""}${labelOf(row, columns)}`;
    const column = place % 2;
    const left = LEFT + column * ((WIDTH - LEFT) / 2);
    parts.push(`<rect x="${left}" y="${line - 10}" width="11" height="11" rx="3" fill="${resolved(style, numbers[place] ?? null)}"/>`);
    parts.push(`<text x="${left + 18}" y="${line}">${escaped(`${name.slice(0, 60)}  ${amount(row.average, unit)}`)}</text>`);
    if (column === 1) line += 20;
  }
  return framed(parts.join("\n"), WIDTH, line + 24, value);
}

/** A graph of the page as an SVG of its own. */
export function copyOf(graph: SVGElement, style: CSSStyleDeclaration): string {
  const { width, height } = graph instanceof SVGSVGElement ? graph.viewBox.baseVal : graph.getBoundingClientRect();
  return framed(graph.innerHTML, width, height, (name) => style.getPropertyValue(name).trim());
}

function framed(content: string, width: number, height: number, value: (name: string) => string): string {
  const size = `width="${Math.round(width)}" height="${Math.round(height)}" viewBox="0 0 ${width} ${height}"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="13" fill="${value("--ink")}">` +
    `<rect width="100%" height="100%" fill="${value("--panel")}"/>${content}</svg>\n`
  );
}

/** An SVG as a PNG, twice as large, as screens of today want it. */
export async function rastered(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width * 2, image.height * 2];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("the browser makes no PNG"))), "image/png"),
  );
}
