import { isWithoutCollector } from "./api.js";
import { capital, Notice } from "./failure.js";
import type { Phase } from "./watch.js";

/** Why nothing is watched, and what to do; nothing where all is well. */
export function Hindered({ phase, columns, choose }: { phase: Phase; columns: string[]; choose: (columns: string[]) => void }) {
  if (phase.kind === "asking" || phase.kind === "watching") return null;
  const { refusal } = phase;
  if (isWithoutCollector(refusal)) {
    return (
      <Notice title="This service has no collector">
        Flows are watched where they are written: <code>flowql up</code> collects them and shows them here. Where{" "}
        <code>flowql collect</code> runs apart, <code>flowql tail</code> watches it.
      </Notice>
    );
  }
  if (phase.kind === "away") {
    return (
      <Notice title="The collector does not answer">
        {capital(refusal.message)}. It is asked again by itself; flows in between are not shown.
      </Notice>
    );
  }
  const unknown = columns.filter((name) => refusal.message.includes(`\`${name}\``));
  const left = columns.filter((name) => !unknown.includes(name));
  return (
    <Notice title="The collector cannot watch this">
      {capital(refusal.message.replaceAll("`", ""))}.{" "}
      {unknown.length > 0 && left.length > 0 && (
        <button type="button" class="small" onClick={() => choose(left)}>
          Without {unknown.join(", ")}
        </button>
      )}
    </Notice>
  );
}
