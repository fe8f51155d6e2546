import type { Unit } from "./state.js";

const PREFIXES = ["", "k", "M", "G", "T", "P"];

const NAMES: Record<Unit, string> = { bits: "bit/s", packets: "packets/s", flows: "flows" };

/** The unit in words. */
export const unitName = (unit: Unit): string => NAMES[unit];

/** An amount with three digits and an SI prefix, as `1.23 Gbit/s`. */
export function amount(value: number, unit: Unit): string {
  let scaled = Math.abs(value);
  let prefix = 0;
  while (scaled >= 999.5 && prefix < PREFIXES.length - 1) {
    scaled /= 1000;
    prefix += 1;
  }
  const digits = scaled >= 99.95 || Number.isInteger(scaled) ? 0 : scaled >= 9.995 ? 1 : 2;
  const sign = value < 0 ? "−" : "";
  const name = unit === "bits" || prefix === 0 ? NAMES[unit] : ` ${NAMES[unit]}`;
  return `${sign}${scaled.toFixed(digits)} ${PREFIXES[prefix]}${name}`;
}

/** A share of the whole, as `12.3 %`. */
export function share(part: number): string {
  const percent = part * 100;
  return percent > 0 && percent < 0.1 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
}
