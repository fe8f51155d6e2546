import { Answer } from "./answer.js";
import { Engine, Settings, Tables } from "./core/flowql.js";
import type {
  Action,
  Column,
  Compilation,
  CompileOptions,
  Completions,
  Configuration,
  ConfigurationError,
  Diagnostic,
  Explained,
  Formatted,
  Hover,
  Suggestion,
  TokenClass,
} from "./types.js";

/** The classes of tokens, by the numbers in the answer of `FlowQL.tokens`. */
export const TOKEN_CLASSES: readonly TokenClass[] = [
  "comment",
  "keyword",
  "operator",
  "column",
  "string",
  "number",
  "as-number",
  "address",
  "community",
  "constant",
  "saved-filter",
  "punctuation",
  "invalid",
];

/**
 * How much of a text is looked at: one unit more than the longest filter that can be allowed, which shows that a
 * longer one is too long. What a text costs in memory is a multiple of its length, and memory must not run out.
 */
const LONGEST = 2 ** 20 + 1;

/** How many values of a source are looked at. */
const MOST_VALUES = 1000;

const NAME_LISTS = ["enable", "disable", "materialize", "every_table", "main_only"] as const;

const clip = (text: string): string => (text.length > LONGEST ? text.slice(0, LONGEST) : text);

let tables: Tables | undefined;

/** Takes the texts of the files beside the WebAssembly, once it is loaded. */
export function provide(registries: string, texts: string): void {
  tables ??= new Tables(registries, texts);
}

function provided(): Tables {
  if (tables === undefined) throw new Error("the WebAssembly is not loaded: call `load()` first");
  return tables;
}

/**
 * The language with one schema and one set of saved filters; `load` makes one.
 *
 * Every method answers for every text and offset: what is wrong comes as values, never as exceptions. Offsets and
 * ranges are in UTF-16 code units, as the indices of strings are.
 */
export class FlowQL {
  readonly #engine: Engine;

  /** `load` makes one, when the module is there. */
  constructor() {
    this.#engine = new Engine(provided());
  }

  #read(numbers: Uint32Array): Answer {
    return new Answer(numbers, this.#engine.text());
  }

  /**
   * Takes a configuration over in place of the former one. What is wrong with it comes back, and then nothing
   * changes; an empty list means that all is well.
   */
  configure(configuration: Configuration): ConfigurationError[] {
    const settings = new Settings();
    const { schema = {}, communities = {}, filters = {}, limits = {} } = configuration;
    for (const list of NAME_LISTS) for (const name of schema[list] ?? []) settings.name(list, name);
    for (const { name, type, description = "", clickhouse_type, main_only = false } of schema.column ?? []) {
      settings.column(name, type, description, clickhouse_type, main_only);
    }
    for (const [value, name] of Object.entries(communities)) settings.community(value, name);
    for (const [name, text] of Object.entries(filters)) settings.filter(name, clip(text));
    if (limits.length !== undefined) settings.length(limits.length);
    return this.#read(this.#engine.configure(settings)).errors();
  }

  /** The columns of the schema. */
  columns(): Column[] {
    return this.#read(this.#engine.columns()).columns();
  }

  /** The SQL of a filter, with all that belongs to it. */
  compile(text: string, options: CompileOptions = {}): Compilation {
    const { direction, form, database } = options;
    const numbers = this.#engine.compile(clip(text), direction === "reverse", form === "bound", database);
    return this.#read(numbers).compilation();
  }

  /** Everything that is wrong, doubtful or worth knowing, in the order of the text. */
  diagnostics(text: string): Diagnostic[] {
    return this.#read(this.#engine.diagnostics(clip(text))).diagnostics();
  }

  /**
   * What may stand at an offset. Where the answer has a `request`, the network knows values that no table has: ask
   * a source, and call this again, with its `values`, for the candidates of both.
   */
  complete(text: string, cursor: number, values: readonly Suggestion[] = []): Completions {
    const usable = values.filter(({ value }) => value !== "" && !/[\r\n]/.test(value)).slice(0, MOST_VALUES);
    const lines = usable.map(({ value }) => value).join("\n");
    const details = usable.map(({ detail = "" }) => detail.replace(/[\r\n]+/g, " ")).join("\n");
    return this.#read(this.#engine.complete(clip(text), cursor, lines, details)).completions();
  }

  /** What there is to say of the token at an offset, in Markdown. */
  hover(text: string, cursor: number): Hover | null {
    return this.#read(this.#engine.hover(clip(text), cursor)).hover();
  }

  /**
   * The tokens of any text: for each its start, its end and the number of its class in `TOKEN_CLASSES`, one after
   * the other. Blanks lie between them.
   */
  tokens(text: string): Uint32Array {
    return this.#engine.tokens(clip(text));
  }

  /** The one canonical layout. */
  format(text: string): Formatted {
    return this.#read(this.#engine.format(clip(text))).formatted();
  }

  /** What the filter selects, in plain English. */
  explain(text: string, options: Pick<CompileOptions, "direction"> = {}): Explained {
    return this.#read(this.#engine.explain(clip(text), options.direction === "reverse")).explained();
  }

  /**
   * The filter with one more condition: that a column has a value, as the database gives it, or with `exclude` that it
   * has not. `null` where no filter can say that, and for a filter with errors.
   */
  narrow(text: string, column: string, value: string, exclude = false): string | null {
    return this.#engine.narrow(clip(text), clip(column), clip(value), exclude) ?? null;
  }

  /** The filter with one more condition: the saved filter of that name. `null` where one of both has errors. */
  withSaved(text: string, name: string): string | null {
    return this.#engine.withSaved(clip(text), clip(name)) ?? null;
  }

  /** The changes that a user may choose for a range: fixes, and rewrites that keep the meaning. */
  codeActions(text: string, start: number, end: number = start): Action[] {
    return this.#read(this.#engine.codeActions(clip(text), start, end)).actions();
  }
}
