import { useEffect, useRef, useState } from "preact/hooks";

import { type Draft, Refusal, saveFilter, type SavedFilter } from "./api.js";

/** Asks for the name of a filter, and saves it. */
export function SaveDialog(props: {
  content: string;
  existing: SavedFilter[];
  close: () => void;
  saved: () => Promise<void>;
}) {
  const { content, existing, close, saved } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [name, setName] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const own = existing.find((filter) => filter.name === name && filter.user !== null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const draft: Draft = { name, description: String(form.get("description")), content, shared: form.has("shared") };
    try {
      await saveFilter(draft, own?.id);
      await saved();
    } catch (error) {
      setFailure(Refusal.of(error).message);
    }
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="save-title">
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="save-title">Save the filter</h2>
        <label>
          <span>Name</span>
          <input
            name="name"
            required
            autocomplete="off"
            pattern="[A-Za-z_][A-Za-z0-9_\-]*"
            title="A letter, then letters, digits, _ and -"
            maxLength={64}
            placeholder="customers"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <small>
            In other filters it is <code>@{name || "customers"}</code>. {own && "It replaces yours of that name."}
          </small>
        </label>
        <label>
          <span>Description</span>
          <input name="description" maxLength={1000} autocomplete="off" />
        </label>
        <label class="check">
          <input type="checkbox" name="shared" /> <span>everybody sees it</span>
        </label>
        {failure !== null && (
          <p class="notice" role="alert">
            {failure}
          </p>
        )}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Save
          </button>
        </div>
      </form>
    </dialog>
  );
}
