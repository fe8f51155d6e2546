import type { Column } from "@flowql/wasm";

/** The columns of the table: each can be taken away, and others can be added. */
export function Chosen({ columns, all, choose }: { columns: string[]; all: Column[]; choose: (columns: string[]) => void }) {
  const others = all.filter(({ name }) => !columns.includes(name));
  return (
    <>
      <ul class="chosen" aria-label="Columns">
        {columns.map((name) => (
          <li key={name}>
            <button
              type="button"
              class="small"
              disabled={columns.length === 1}
              aria-label={`Without the column ${name}`}
              title={`Without the column ${name}`}
              onClick={() => choose(columns.filter((other) => other !== name))}
            >
              {name} <span aria-hidden="true">×</span>
            </button>
          </li>
        ))}
      </ul>
      <label>
        <span>Add a column</span>
        <select value="" onChange={(event) => choose([...columns, event.currentTarget.value])}>
          <option value="">–</option>
          {others.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </>
  );
}
