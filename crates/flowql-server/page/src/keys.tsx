import { useEffect, useRef, useState } from "preact/hooks";

import { type Change, COMPARISONS, type State, TYPES } from "./state.js";
import { scaled, shifted } from "./times.js";

/** The keys of the page, each with what it does. */
const KEYS: readonly [key: string, what: string][] = [
  ["/", "go to the filter"],
  ["g", "next type of graph"],
  ["[", "earlier"],
  ["]", "later"],
  ["-", "zoom out"],
  ["+", "zoom in"],
  ["c", "compare with the next earlier time"],
  ["b", "both directions"],
  ["?", "this list"],
];

const next = <T,>(all: readonly T[], one: T): T => all[(all.indexOf(one) + 1) % all.length] ?? one;

/** What a key changes; `null` for a key that changes nothing. */
export function keyed(key: string, state: State, now: number): Partial<State> | null {
  switch (key) {
    case "g":
      return { type: next(TYPES, state.type) };
    case "[":
      return shifted(state, -0.5, now);
    case "]":
      return shifted(state, 0.5, now);
    case "-":
      return scaled(state, 2, now);
    case "+":
    case "=":
      return scaled(state, 0.5, now);
    case "c":
      return { compare: next(COMPARISONS, state.compare) };
    case "b":
      return { both: !state.both };
    default:
      return null;
  }
}

/** Whether a key belongs to what has the focus, as to an input. */
const isTaken = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.closest("input, select, textarea, dialog, .cm-editor") !== null);

/** Listens to the keys of the page of flows. */
export function Keys({ state, change, edit }: { state: State; change: Change; edit: () => void }) {
  const act = (key: string): boolean => {
    const part = keyed(key, state, Date.now());
    if (part !== null) change(part, true);
    else if (key === "/") edit();
    else return false;
    return true;
  };
  return <Keyboard keys={KEYS} act={act} />;
}

/** Listens to keys, and shows what they are; `act` says whether it knows one. */
export function Keyboard(props: { keys: readonly [key: string, what: string][]; act: (key: string) => boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const last = useRef(props);
  last.current = props;
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return;
      if (event.key === "?") setOpen(true);
      else if (!last.current.act(event.key)) return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  if (!isOpen) return null;
  return (
    <dialog ref={dialog} aria-label="Keys" onClose={() => setOpen(false)}>
      <h2>Keys</h2>
      <dl class="keylist">
        {props.keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
