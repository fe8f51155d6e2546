import { useState } from "preact/hooks";

/** Puts a text into the clipboard; without the permission for it, as on a page without TLS, by way of a selection. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}

/** A button that copies a text, and says that it has. */
export function Copy({ text, children }: { text: () => string | Promise<string>; children: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const press = async () => {
    setSaid((await copy(await text())) ? "Copied" : "Not allowed");
    setTimeout(() => setSaid(null), 1500);
  };
  return (
    <button type="button" class="small" onClick={() => void press()}>
      <span aria-live="polite">{said ?? children}</span>
    </button>
  );
}
