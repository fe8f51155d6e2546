import type { Unit } from "./state.js";

const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];

const NAMES: Record<Unit, string> = {
  bits: "bit/s",
  l2bits: "bit/s",
  packets: "packets/s",
  flows: "flows/s",
  inspeed: "%",
  outspeed: "%",
};

const CHOICES: Record<Unit, string> = {
  bits: "bit/s",
  l2bits: "bit/s, layer 2",
  packets: "packets/s",
  flows: "flows/s",
  inspeed: "% of speed in",
  outspeed: "% of speed out",
};

/** What the whole of a unit is counted in. */
const TOTALS: Record<Unit, string> = { bits: "B", l2bits: "B", packets: "packets", flows: "flows", inspeed: "", outspeed: "" };

/** The unit in words, to choose from. */
export const unitName = (unit: Unit): string => CHOICES[unit];

/** Three digits with an SI prefix, and a space before what follows. */
function scaled(value: number): string {
  let size = Math.abs(value);
  let prefix = 0;
  while (size >= 999.5 && prefix < PREFIXES.length - 1) {
    size /= 1000;
    prefix += 1;
  }
  const digits = size >= 99.95 || Number.isInteger(size) ? 0 : size >= 9.995 ? 1 : 2;
  return `${value < 0 ? "−" : ""}${size.toFixed(digits)} ${PREFIXES[prefix]}`;
}

const joined = (number: string, name: string): string =>
  name.startsWith("bit") || name === "B" || number.endsWith(" ") ? `${number}${name}` : `${number} ${name}`;

/** An amount with three digits and an SI prefix, as `1.23 Gbit/s`; a share of the speed in percent. */
export function amount(value: number, unit: Unit): string {
  if (unit === "inspeed" || unit === "outspeed") return share(value);
  return joined(scaled(value), NAMES[unit]);
}

/** All of it, as `1.23 GB`, `12 k packets`. */
export const total = (value: number, unit: Unit): string =>
  joined(scaled(unit === "bits" || unit === "l2bits" ? value / 8 : value), TOTALS[unit]);

/** A share of the whole, as `12.3 %`. */
export function share(part: number): string {
  const percent = part * 100;
  return percent > 0 && percent < 0.1 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
}

/** How much more or less it is than before, as `+12 %`; `new` where there was nothing. */
export function change(now: number, before: number | null): string {
  if (before === null || before === 0) return now > 0 ? "new" : "";
  const percent = (now / before - 1) * 100;
  const digits = Math.abs(percent) < 9.95 ? 1 : 0;
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(digits)} %`;
}
