import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { unitName } from "./amounts.js";
import { type First } from "./app.js";
import { listBoards, type Listed } from "./boards.js";
import { Refusal } from "./api.js";
import { hrefOf } from "./links.js";
import { COMPARISONS, read, type State, TYPES, UNITS, write } from "./state.js";
import { RANGES } from "./when.js";

/** Something that one can do, and the address that does it. */
interface Action {
  name: string;
  group: string;
  href: string;
}

/** All that can be done, from where one is. */
function actions(first: First, boards: Listed[]): Action[] {
  const hash = location.hash;
  const isFlows = !/^#(dashboards|flows|tail|exporters|about)\b/.test(hash);
  const state = isFlows ? read(hash) : read("");
  const go = (group: string, name: string, part: Partial<State>): Action => ({ group, name, href: write({ ...state, ...part }) || "#" });
  const pages: Action[] = [
    ["Flows", write({ ...state }) || "#"],
    ["Single flows", "#flows"],
    ["Tail", "#tail"],
    ["Dashboards", "#dashboards"],
    ["Exporters", "#exporters"],
  ].map(([name, href]) => ({ group: "Page", name: name ?? "", href: href ?? "#" }));
  const filters = first.filters instanceof Refusal ? [] : first.filters;
  return [
    ...pages,
    ...boards.filter(({ board }) => board !== null).map((board) => ({ group: board.kind === "view" ? "View" : "Dashboard", name: board.board?.title ?? board.name, href: hrefOf(board) })),
    ...filters.flatMap(({ name }) => (name === null ? [] : [go("Saved filter", `@${name}`, { filter: `@${name}`, run: true })])),
    ...TYPES.map((type) => go("Draw as", type, { type, run: true })),
    ...RANGES.map(([from, name]) => go("Time", name, { from, to: "now", run: true })),
    ...UNITS.map((unit) => go("In", unitName(unit), { unit, run: true })),
    ...COMPARISONS.filter((compare) => compare !== "").map((compare) => go("Compare with", `the ${compare} before`, { compare, run: true })),
    ...["SrcAS", "DstAS", "SrcCountry", "ExporterName", "InIfName", "OutIfName", "InIfProvider", "Proto", "DstPort", "SrcAddr", "DstAddr"].map((by) =>
      go("By", by, { by: [by], run: true }),
    ),
    go("", state.both ? "One direction" : "Both directions", { both: !state.both, run: true }),
  ];
}

/** Those whose words begin like all the words that were typed. */
export function matching<T extends { name: string; group: string }>(all: readonly T[], typed: string): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return all.filter(({ name, group }) => {
    const text = `${group} ${name}`.toLowerCase();
    return words.every((word) => text.startsWith(word) || new RegExp(`[^a-z0-9]${word.replace(/[^\w]/g, "\\$&")}`).test(text) || text.includes(word));
  });
}

/** A list of all that can be done, by what one types. */
export function Palette({ first, close }: { first: First; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [place, setPlace] = useState(0);
  const [boards, setBoards] = useState<Listed[]>([]);
  useEffect(() => {
    dialog.current?.showModal();
    listBoards().then(
      (found) => setBoards(found.boards),
      () => undefined,
    );
  }, []);
  const all = useMemo(() => actions(first, boards), [boards]);
  const found = matching(all, typed).slice(0, 30);
  const at = Math.min(place, found.length - 1);
  const take = (action: Action | undefined) => {
    if (action === undefined) return;
    dialog.current?.close();
    location.hash = action.href;
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setPlace((at + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") take(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="palette" aria-label="All actions" onClose={close}>
      <input
        type="text"
        role="combobox"
        aria-label="What to do"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[at] === undefined ? undefined : `palette-${at}`}
        placeholder="What to do: a page, a dashboard, a time, a column …"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setPlace(0);
        }}
        onKeyDown={press}
      />
      <ul id="palette-list" role="listbox" aria-label="Actions">
        {found.map((action, number) => (
          <li key={`${action.group}${action.name}${action.href}`} id={`palette-${number}`} role="option" aria-selected={number === at} onClick={() => take(action)}>
            <span class="faint">{action.group}</span> {action.name}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="faint">Nothing is called so.</p>}
    </dialog>
  );
}
