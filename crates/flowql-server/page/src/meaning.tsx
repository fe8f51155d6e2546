import type { Compilation, ExplainedLine, FlowQL } from "@flowql/wasm";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Refusal } from "./api.js";
import { ColouredSql } from "./coloured.js";
import { Copy } from "./copy.js";
import type { Planned } from "./plan.js";

/** What a valid filter means. */
export interface Meaning {
  inline: Compilation;
  bound: Compilation;
  lines: ExplainedLine[];
}

/** What a filter means; `null` for one with errors. */
export function meaningOf(language: FlowQL, filter: string): Meaning | null {
  const { lines } = language.explain(filter);
  if (lines === null) return null;
  return { inline: language.compile(filter), bound: language.compile(filter, { form: "bound" }), lines };
}

/** What the filter means: in English, in SQL, and what it reads. */
export function MeaningPanel({ meaning, planned }: { meaning: Meaning | null; planned: Planned }) {
  return (
    <section class="panel meaning" aria-label="What the filter means">
      {meaning === null ? (
        <p class="faint">The filter has errors. Without them, this says what it selects, in English and in SQL.</p>
      ) : (
        <>
          <div class="halves">
            <English lines={meaning.lines} />
            <Sql meaning={meaning} />
          </div>
          <Reads compiled={meaning.bound} planned={planned} />
        </>
      )}
    </section>
  );
}

function English({ lines }: { lines: ExplainedLine[] }) {
  return (
    <div>
      <h2>In English</h2>
      {lines.length === 0 ? (
        <p>Every flow.</p>
      ) : (
        <ul class="english">
          {lines.map((line, place) => (
            <li key={place} class={`depth-${Math.min(line.depth, 6)}`}>
              {line.text}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

type Form = "inline" | "bound";

const FORMS: readonly [Form, string][] = [
  ["inline", "inline"],
  ["bound", "with parameters"],
];

function Sql({ meaning }: { meaning: Meaning }) {
  const [form, setForm] = useState<Form>("inline");
  const sql = meaning[form].sql ?? "";
  return (
    <div>
      <header>
        <h2>SQL</h2>
        <div class="choice" role="group" aria-label="Form of the SQL">
          {FORMS.map(([name, title]) => (
            <button key={name} type="button" aria-pressed={form === name} onClick={() => setForm(name)}>
              {title}
            </button>
          ))}
        </div>
        {sql !== "" && <Copy text={() => sql}>Copy</Copy>}
      </header>
      {sql === "" ? (
        <p class="faint">No WHERE clause: an empty filter selects every flow.</p>
      ) : (
        <pre class="sql" tabIndex={0} aria-label="SQL">
          <ColouredSql text={sql} />
        </pre>
      )}
      {form === "bound" && <Parameters values={meaning.bound.parameters} />}
    </div>
  );
}

function Parameters({ values }: { values: Record<string, string | number> }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  return (
    <dl class="parameters">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Reads({ compiled, planned }: { compiled: Compilation; planned: Planned }) {
  return (
    <dl class="reads">
      <div>
        <dt>Columns</dt>
        <dd>{compiled.columns.length === 0 ? "none" : compiled.columns.map((name) => <code key={name}>{name}</code>)}</dd>
      </div>
      <div>
        <dt>Table</dt>
        <dd>{table(compiled, planned)}</dd>
      </div>
    </dl>
  );
}

function table(compiled: Compilation, planned: Planned): ComponentChildren {
  if (planned === null) {
    return compiled.main_table_required ? "the raw table: some column is only there" : "an aggregated table can serve";
  }
  if (planned instanceof Refusal) return planned.message;
  return (
    <>
      <code>{planned.table}</code> <span class="faint">{planned.reason}</span>
    </>
  );
}
