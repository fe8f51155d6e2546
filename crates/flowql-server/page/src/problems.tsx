import type { Diagnostic, Edit } from "@flowql/wasm";

/** What is wrong, or doubtful, with the filter; each with its fixes. */
export function Problems(props: {
  diagnostics: Diagnostic[];
  apply: (edits: Edit[]) => void;
  show: (start: number, end: number) => void;
}) {
  const { diagnostics, apply, show } = props;
  if (diagnostics.length === 0) return null;
  return (
    <ul class="problems" aria-label="Problems">
      {diagnostics.map((found) => (
        <li key={`${found.code}-${found.start}-${found.message}`} class={found.severity}>
          <button type="button" class="place" onClick={() => show(found.start, found.end)} title="Show it in the filter">
            {found.line}:{found.column}
          </button>
          <span class="message">
            <strong>{found.severity}</strong> <Quoting text={found.message} />
            {found.help !== undefined && (
              <span class="faint">
                {" – "}
                <Quoting text={found.help} />
              </span>
            )}
          </span>
          {found.fixes.map((fix) => (
            <button key={fix.title} type="button" class="small fix" onClick={() => apply(fix.edits)}>
              <Quoting text={fix.title} />
            </button>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** A message, whose pieces of filters stand between backquotes. */
function Quoting({ text }: { text: string }) {
  return <>{text.split("`").map((piece, place) => (place % 2 === 1 ? <code key={place}>{piece}</code> : piece))}</>;
}
