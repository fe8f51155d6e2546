import type { Counts, Seen } from "./seen.js";

const NUMBERS: readonly [keyof Counts, name: string, what: string][] = [
  ["written", "written", "flows that the collector has written and looked at"],
  ["selected", "selected", "of these, the ones that the filter selects"],
  ["shown", "shown", "of these, the ones that were sent to this page"],
  ["left_out", "left out", "of these, the ones that were not sent"],
  ["unseen", "unseen", "flows that were written and not looked at"],
];

/** What was counted since one began to watch, and what that means for the list. */
export function Tally({ seen, rate }: { seen: Seen; rate: number }) {
  const { counts } = seen;
  return (
    <div class="tally" role="group" aria-label="What was counted">
      <dl class="reads">
        {NUMBERS.map(([name, title, what]) => (
          <div key={name} title={what}>
            <dt>{title}</dt>
            <dd>{counts[name].toLocaleString("en")}</dd>
          </div>
        ))}
      </dl>
      {counts.left_out > 0 && <p class="faint">A sample of what the filter selects is shown: at most {rate} flows a second.</p>}
      {counts.unseen > 0 && (
        <p class="faint">
          What is unseen was written while the collector looked at other flows: whether the filter selects it is not known.
        </p>
      )}
    </div>
  );
}
