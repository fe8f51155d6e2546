import type { FlowQL } from "@flowql/wasm";
import { useState } from "preact/hooks";

import { deleteFilter, Refusal, type SavedFilter } from "./api.js";
import { ColouredFilter } from "./coloured.js";
import { SaveDialog } from "./save-dialog.js";

const title = (filter: SavedFilter): string => (filter.name === null ? filter.description : `@${filter.name}`);

/** The saved filters: to use, to delete, and to save the one that is typed. */
export function SavedFilters(props: {
  language: FlowQL;
  filters: SavedFilter[];
  /** Why they are not known. */
  problem: string | null;
  content: string;
  isValid: boolean;
  load: (filter: SavedFilter) => void;
  refer: (name: string) => void;
  changed: () => Promise<void>;
}) {
  const { language, filters, problem, content, isValid, load, refer, changed } = props;
  const [isSaving, setSaving] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const remove = async (filter: SavedFilter) => {
    if (!confirm(`Delete the saved filter ${title(filter)}?`)) return;
    try {
      await deleteFilter(filter.id);
      setFailure(null);
      await changed();
    } catch (error) {
      setFailure(Refusal.of(error).message);
    }
  };
  const isBlank = content.trim() === "";
  return (
    <section class="panel saved" aria-label="Saved filters">
      <header>
        <h2>Saved filters</h2>
        <button
          type="button"
          class="small"
          disabled={!isValid || isBlank}
          title={isBlank ? "Type a filter first" : isValid ? "Save this filter" : "A filter with errors cannot be saved"}
          onClick={() => setSaving(true)}
        >
          Save this one
        </button>
      </header>
      {problem !== null && <p class="notice">They are not available: {problem}.</p>}
      {failure !== null && (
        <p class="notice" role="alert">
          {failure}
        </p>
      )}
      {filters.length === 0 && problem === null && (
        <p class="faint">
          None yet. A saved filter stands in others by its name, as in <code>@customers AND DstPort = 443</code>.
        </p>
      )}
      <ul>
        {filters.map((filter) => (
          <li key={`${filter.user}-${filter.id}-${filter.name}`}>
            <button type="button" class="load" title="Put it into the editor" onClick={() => load(filter)}>
              <strong>{title(filter)}</strong>
              <ColouredFilter language={language} text={filter.content} />
            </button>
            <div class="about">
              <span class="faint">
                {filter.name !== null && filter.description}
                {filter.user === null ? " built in" : filter.shared && " shared"}
              </span>
              {filter.name !== null && (
                <button type="button" class="small" title={`Add @${filter.name} to the filter`} onClick={() => refer(filter.name ?? "")}>
                  add
                </button>
              )}
              {filter.user !== null && (
                <button type="button" class="small" aria-label={`Delete ${title(filter)}`} onClick={() => void remove(filter)}>
                  ✕
                </button>
              )}
            </div>
          </li>
        ))}
      </ul>
      {isSaving && (
        <SaveDialog
          content={content}
          existing={filters}
          close={() => setSaving(false)}
          saved={async () => {
            setSaving(false);
            setFailure(null);
            await changed();
          }}
        />
      )}
    </section>
  );
}
