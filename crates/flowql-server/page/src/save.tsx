import { useRef, useState } from "preact/hooks";

import { Refusal } from "./api.js";
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
        <hr />
        <SaveView question={question} type={type} />
        {problem !== null && <p class="notice">{problem}</p>}
      </div>
    </details>
  );
}

/** Saves what is asked as a view of the user's own, which is listed with the dashboards. */
function SaveView({ question, type }: { question: Question; type: GraphType }) {
  const [name, setName] = useState("");
  const [said, setSaid] = useState<{ text: string; isDone: boolean } | null>(null);
  const save = async () => {
    try {
      const { putBoard, viewOf } = await import("./boards.js");
      await putBoard("view", name, viewOf(name, question, type));
      setSaid({ text: "Saved: it is with the dashboards", isDone: true });
    } catch (error) {
      setSaid({ text: Refusal.of(error).message, isDone: false });
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label>
        <span class="faint">Save as a view named</span>
        <input type="text" required pattern="[A-Za-z_](-?[A-Za-z0-9_])*-?" size={12} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <button type="submit" class="small">
        Save view
      </button>
      {said !== null && <p role="status">{said.isDone ? <a href="#dashboards">{said.text}</a> : said.text}</p>}
    </form>
  );
}
