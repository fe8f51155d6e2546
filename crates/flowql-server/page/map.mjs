// Makes the outlines of the countries, as the map of the page draws them: SVG paths by their two-letter codes, in a fixed
// projection. Read from the package `world-atlas` (Natural Earth, 1:50m, public domain).
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

import { geoNaturalEarth1, geoPath } from "d3-geo";
import countries from "i18n-iso-countries";
import { feature } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";

/** The size of the drawing, and the smallest triangle that is kept, in its pixels. */
const [WIDTH, HEIGHT] = [1000, 480];
const SMALLEST = 0.15;

/** What the outlines may weigh after brotli, in bytes. */
const MOST = 80_000;

/** A territory that is smaller than this is drawn as a circle too. */
const SMALL = 3;

/** Territories without a number of their own in the file. */
const NAMED = { Kosovo: "XK" };

const require = createRequire(import.meta.url);
const atlas = JSON.parse(readFileSync(require.resolve("world-atlas/countries-50m.json"), "utf8"));
const whole = feature(atlas, atlas.objects.countries);
// The Antarctic sends little, and takes much room.
const shown = whole.features.filter(({ id }) => id !== "010");
const projection = geoNaturalEarth1().fitExtent([[2, 2], [WIDTH - 2, HEIGHT - 2]], { type: "FeatureCollection", features: shown });

// Simplified as it is drawn: in pixels, with the borders that two countries share.
const bent = structuredClone(atlas);
const transform = atlas.transform;
bent.arcs = atlas.arcs.map((arc) => {
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => {
    x += dx;
    y += dy;
    return [x * transform.scale[0] + transform.translate[0], y * transform.scale[1] + transform.translate[1]];
  });
});
delete bent.transform;
const degrees = SMALLEST * (360 / WIDTH) ** 2;
const simple = simplify(presimplify(bent), degrees);
const path = geoPath(projection).digits(1);
const world = {};
for (const found of feature(simple, simple.objects.countries).features) {
  const code = countries.numericToAlpha2(String(found.id ?? "")) ?? NAMED[found.properties.name];
  if (code === undefined || code === "AQ") continue;
  const original = shown.find(({ id, properties }) => id === found.id && properties.name === found.properties.name) ?? found;
  const [[left, top], [right, bottom]] = path.bounds(original);
  const [x, y] = path.centroid(original).map((value) => Math.round(value * 10) / 10);
  const isSmall = Math.max(right - left, bottom - top) < SMALL;
  world[code] = { d: path(found) ?? "", x, y, ...(isSmall ? { small: true } : {}) };
}
const text = JSON.stringify({ width: WIDTH, height: HEIGHT, countries: world });
mkdirSync(new URL("src/made/", import.meta.url), { recursive: true });
writeFileSync(new URL("src/made/world.txt", import.meta.url), text);
const size = brotliCompressSync(text).length;
console.log(`outlines of ${Object.keys(world).length} countries: ${(size / 1000).toFixed(1)} kB of ${MOST / 1000} kB (brotli)`);
for (const code of ["SG", "HK", "MT", "FR", "US"]) if (!(code in world)) throw new Error(`the map lacks ${code}`);
if (size > MOST) throw new Error("the outlines weigh more than they may");
