import { useRef, useState } from "preact/hooks";

import type { Question, Selection } from "./ask.js";
import { Copy } from "./copy.js";
import type { GraphType } from "./state.js";

const FILES = ["PNG", "SVG", "CSV", "JSON lines"] as const;

/** Saves what is shown as a file, or copies what asks for the same elsewhere. */
export function Save({ selection, question, type }: { selection: Selection; question: Question; type: GraphType }) {
  const box = useRef<HTMLDetailsElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const now = selection.plan.to * 1000;
  const save = async (kind: (typeof FILES)[number]) => {
    setProblem(null);
    try {
      const { file } = await import("./files.js");
      const panel = box.current?.closest<HTMLElement>(".results") ?? document.body;
      const { blob, name } = await file(kind, selection, type, panel);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      setProblem(String(error));
    }
  };
  const asked = async () => {
    const { commandLine, curl } = await import("./commands.js");
    return { command: commandLine(question, now), curl: curl(question, now, location.href) };
  };
  return (
    <details ref={box} class="save">
      <summary>Save</summary>
      <div class="menu">
        {FILES.map((kind) => (
          <button key={kind} type="button" class="small" disabled={type === "table" && (kind === "PNG" || kind === "SVG")} onClick={() => void save(kind)}>
            {kind}
          </button>
        ))}
        <hr />
        <Copy text={() => selection.plan.sql}>Copy SQL</Copy>
        <Copy text={async () => (await asked()).command}>Copy command</Copy>
        <Copy text={async () => (await asked()).curl}>Copy curl</Copy>
        {problem !== null && <p class="notice">{problem}</p>}
      </div>
    </details>
  );
}
