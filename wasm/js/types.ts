/** A range of a text, in UTF-16 code units, as the indices of JavaScript's strings are. */
export interface Range {
  start: number;
  end: number;
}

/** The replacement of a range of a text. */
export interface Edit extends Range {
  text: string;
}

/** A change of the text that makes a diagnostic go away. */
export interface Fix {
  title: string;
  /** Whether it cannot change the meaning of what was written; another one is for a person to choose. */
  sure: boolean;
  /** In the order of the text; they do not overlap. All ranges are in the text before the change. */
  edits: Edit[];
}

export type Severity = "error" | "warning" | "hint";

/** Something to say of a range of a filter. */
export interface Diagnostic extends Range {
  /** The stable code, as `E101`. */
  code: string;
  severity: Severity;
  message: string;
  /** The line of the start, from 1. */
  line: number;
  /** The column of the start in Unicode characters (not UTF-16), from 1. */
  column: number;
  end_line: number;
  end_column: number;
  help?: string;
  fixes: Fix[];
}

/** How a filter is compiled. */
export interface CompileOptions {
  /** For the flows in the opposite direction. */
  direction?: "forward" | "reverse";
  /** With the values in the SQL, or beside it as parameters. */
  form?: "inline" | "bound";
  /** The database that qualifies the dictionaries. */
  database?: string;
}

/** What a compilation gives. */
export interface Compilation {
  /** The `WHERE` clause: empty for a blank filter, `null` for a bad one. */
  sql: string | null;
  /** The raw values of a bound form, by name; integers beyond 2^53 are strings. */
  parameters: Record<string, string | number>;
  /** The columns that the SQL reads, in its order. */
  columns: string[];
  /** Whether some column is in the raw table only. */
  main_table_required: boolean;
  diagnostics: Diagnostic[];
}

export type CandidateKind = "column" | "operator" | "keyword" | "value" | "saved-filter" | "punctuation";

/** Something to insert. */
export interface Candidate {
  /** What a menu shows. */
  label: string;
  kind: CandidateKind;
  /** A few words beside the label. */
  detail: string;
  /** A sentence or more about it; may be empty. */
  documentation: string;
  /** The exact text to put in the place of `Completions.replace`. */
  insert: string;
}

/** The values that a source could add to the candidates: names of exporters, AS numbers, addresses. */
export interface ValueRequest {
  /** The column whose values are wanted. */
  column: string;
  /** The column at the other end, whose values are wanted too: the filter names both by the name of their pair. */
  other?: string;
  /** The operator between the column and the value. */
  operator: string;
  /** What was typed of the value, without quotes. */
  prefix: string;
  /** The items that are already in the list, without quotes. */
  exclude: string[];
  /** A filter that the flows must match for the one being typed to select them; may be empty. */
  rest: string;
  /** Whether the value is to stand in quotes. */
  quoted: boolean;
}

/** What may stand at a place of a text. */
export interface Completions {
  /** The text that a candidate takes the place of. */
  replace: Range;
  /** The best first. */
  candidates: Candidate[];
  /** What to ask a source of values; `null` where the candidates are all there is. */
  request: ValueRequest | null;
}

/** A value that a source knows, as text without quotes. */
export interface Suggestion {
  value: string;
  /** What it means: an organisation, a service, a description. */
  detail?: string;
}

/** What to show of a place of a text. */
export interface Hover extends Range {
  markdown: string;
}

/** The canonical layout of a filter; `null` and diagnostics for a bad one. */
export type Formatted = { text: string; diagnostics: [] } | { text: null; diagnostics: Diagnostic[] };

/** A line of an explanation: a condition, or what holds the lines below it together. */
export interface ExplainedLine {
  depth: number;
  text: string;
}

/** A filter in plain English; `null` and diagnostics for a bad one. */
export type Explained = { lines: ExplainedLine[]; diagnostics: [] } | { lines: null; diagnostics: Diagnostic[] };

export type ActionKind = "fix" | "rewrite" | "inline" | "extract";

/** A change that a user may choose. */
export interface Action {
  title: string;
  kind: ActionKind;
  edits: Edit[];
  /** The diagnostic that it mends. */
  diagnostic?: Diagnostic;
  /** A filter that is to be saved beside the edits. */
  new_filter?: { name: string; text: string };
}

/** A column of the flow schema. */
export interface Column {
  name: string;
  /** What a filter may say of it; `null` for one that cannot stand in a filter. */
  type: string | null;
  clickhouse_type: string;
  description: string;
  /** A value as a filter would write it. */
  example: string;
  unit?: string;
  enabled: boolean;
  /** In the raw table only. */
  main_only: boolean;
  /** Whether flows can be grouped by it. */
  dimension: boolean;
  operators: string[];
}

/** A column of one's own, as in `[[schema.column]]` of `flowql.toml`. */
export interface CustomColumn {
  name: string;
  type: "string" | "uint" | "ip";
  description?: string;
  clickhouse_type?: string;
  main_only?: boolean;
}

/** The sections of `flowql.toml` that shape the language, under the same names. */
export interface Configuration {
  schema?: {
    /** Columns or groups (`L2`, `NAT`, `L3L4`) to enable. */
    enable?: string[];
    disable?: string[];
    materialize?: string[];
    every_table?: string[];
    main_only?: string[];
    column?: CustomColumn[];
  };
  /** Names for communities, by the community. */
  communities?: Record<string, string>;
  /** Saved filters by name: what `@name` stands for. */
  filters?: Record<string, string>;
  limits?: {
    /** How long a filter may be, in bytes of UTF-8; 65536 unless given, at most 1048576. */
    length?: number;
  };
}

/** What is wrong in a configuration. */
export interface ConfigurationError {
  /** The setting, as `schema.enable[0]`. */
  path: string;
  message: string;
  help?: string;
}

/** The name of a class of tokens. */
export type TokenClass =
  | "comment"
  | "keyword"
  | "operator"
  | "column"
  | "string"
  | "number"
  | "as-number"
  | "address"
  | "community"
  | "constant"
  | "saved-filter"
  | "punctuation"
  | "invalid";
