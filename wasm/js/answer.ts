import type {
  Action,
  ActionKind,
  Candidate,
  CandidateKind,
  Column,
  Compilation,
  Completions,
  ConfigurationError,
  Diagnostic,
  Edit,
  Explained,
  ExplainedLine,
  Fix,
  Formatted,
  Hover,
  Severity,
  ValueRequest,
} from "./types.js";

// In the order of the variants in Rust.
const SEVERITIES: readonly Severity[] = ["error", "warning", "hint"];
const CANDIDATE_KINDS: readonly CandidateKind[] = [
  "column",
  "operator",
  "keyword",
  "value",
  "saved-filter",
  "punctuation",
];
const ACTION_KINDS: readonly ActionKind[] = ["fix", "rewrite", "inline", "extract"];

/** Reads an answer, member by member, in the order in which `src/answer.rs` and `src/lib.rs` write it. */
export class Answer {
  private next = 0;
  private place = 0;

  constructor(
    private readonly numbers: Uint32Array,
    private readonly text: string,
  ) {}

  private number(): number {
    return this.numbers[this.next++] ?? 0;
  }

  private flag(): boolean {
    return this.number() === 1;
  }

  private string(): string {
    const start = this.place;
    this.place += this.number();
    return this.text.slice(start, this.place);
  }

  private list<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.number(); left > 0; left--) items.push(read());
    return items;
  }

  private readonly readString = (): string => this.string();

  private readonly edit = (): Edit => ({ start: this.number(), end: this.number(), text: this.string() });

  private readonly fix = (): Fix => ({
    title: this.string(),
    sure: this.flag(),
    edits: this.list(this.edit),
  });

  private readonly diagnostic = (): Diagnostic => {
    const code = this.string();
    const severity = SEVERITIES[this.number()] ?? "error";
    const message = this.string();
    const [start, end] = [this.number(), this.number()];
    const [line, column, end_line, end_column] = [this.number(), this.number(), this.number(), this.number()];
    const help = this.flag() ? { help: this.string() } : {};
    const fixes = this.list(this.fix);
    return { code, severity, message, start, end, line, column, end_line, end_column, ...help, fixes };
  };

  diagnostics(): Diagnostic[] {
    return this.list(this.diagnostic);
  }

  compilation(): Compilation {
    const sql = this.flag() ? this.string() : null;
    const parameters: Record<string, string | number> = {};
    for (let left = this.number(); left > 0; left--) {
      const name = this.string();
      const isNumber = this.flag();
      const value = this.string();
      parameters[name] = isNumber ? Number(value) : value;
    }
    const columns = this.list(this.readString);
    const main_table_required = this.flag();
    return { sql, parameters, columns, main_table_required, diagnostics: this.diagnostics() };
  }

  private readonly candidate = (): Candidate => ({
    label: this.string(),
    kind: CANDIDATE_KINDS[this.number()] ?? "value",
    detail: this.string(),
    documentation: this.string(),
    insert: this.string(),
  });

  private request(): ValueRequest {
    const column = this.string();
    const other = this.string();
    return {
      column,
      ...(other && { other }),
      operator: this.string(),
      prefix: this.string(),
      exclude: this.list(this.readString),
      rest: this.string(),
      quoted: this.flag(),
    };
  }

  completions(): Completions {
    const replace = { start: this.number(), end: this.number() };
    const candidates = this.list(this.candidate);
    return { replace, candidates, request: this.flag() ? this.request() : null };
  }

  hover(): Hover | null {
    return this.flag() ? { start: this.number(), end: this.number(), markdown: this.string() } : null;
  }

  formatted(): Formatted {
    if (this.flag()) return { text: this.string(), diagnostics: [] };
    return { text: null, diagnostics: this.diagnostics() };
  }

  private readonly line = (): ExplainedLine => ({ depth: this.number(), text: this.string() });

  explained(): Explained {
    if (this.flag()) return { lines: this.list(this.line), diagnostics: [] };
    return { lines: null, diagnostics: this.diagnostics() };
  }

  actions(): Action[] {
    return this.list(() => ({
      title: this.string(),
      kind: ACTION_KINDS[this.number()] ?? "rewrite",
      edits: this.list(this.edit),
      ...(this.flag() ? { diagnostic: this.diagnostic() } : {}),
      ...(this.flag() ? { new_filter: { name: this.string(), text: this.string() } } : {}),
    }));
  }

  errors(): ConfigurationError[] {
    return this.list(() => ({
      path: this.string(),
      message: this.string(),
      ...(this.flag() ? { help: this.string() } : {}),
    }));
  }

  columns(): Column[] {
    return this.list(() => ({
      name: this.string(),
      type: this.flag() ? this.string() : null,
      clickhouse_type: this.string(),
      description: this.string(),
      example: this.string(),
      ...(this.flag() ? { unit: this.string() } : {}),
      enabled: this.flag(),
      main_only: this.flag(),
      dimension: this.flag(),
      operators: this.list(this.readString),
    }));
  }
}
