import type { Suggestion, ValueRequest } from "@flowql/wasm";

/** Where a value is wanted. */
export interface ValueContext {
  /** The text of the editor. */
  filter: string;
  /** The cursor, in UTF-16 code units. */
  cursor: number;
  /** Aborted when the answer is no longer wanted. */
  signal: AbortSignal;
}

/** What a source answers. */
export interface ValueAnswer {
  values: readonly Suggestion[];
  /** Whether there are more values, which a longer prefix would bring up; false unless given. */
  more?: boolean;
  /** Why values are missing, where some are. */
  missing?: string;
}

/** A source of the values that only the network knows: names of exporters, AS numbers, addresses. */
export type ValueSource = (
  request: ValueRequest,
  context: ValueContext,
) => ValueAnswer | readonly Suggestion[] | Promise<ValueAnswer | readonly Suggestion[]>;

/** How a source is asked. */
export interface ValueOptions {
  /** How long to wait for further typing before the source is asked, in milliseconds; 75 unless given. */
  debounce?: number;
  /** How long to wait for an answer, in milliseconds; 5000 unless given. */
  timeout?: number;
  /** How long an answer is remembered, in milliseconds; a minute unless given. */
  remember?: number;
}

/** How many answers are remembered. */
const MOST_REMEMBERED = 100;

/** Asks a source: waits for a pause, gives up after a time, remembers answers, and narrows them by itself. */
export class ValueClient {
  private readonly answers = new Map<string, { answer: ValueAnswer; until: number }>();

  constructor(
    private readonly source: ValueSource,
    private readonly options: ValueOptions = {},
  ) {}

  /** The answer as far as it is known already: to the same request, or to one whose prefix is shorter. */
  known(request: ValueRequest): ValueAnswer | null {
    for (let length = request.prefix.length; length >= 0; length--) {
      const found = this.answers.get(key(request, request.prefix.slice(0, length)));
      if (!found || found.until < Date.now()) continue;
      if (length === request.prefix.length) return found.answer;
      // Of a part nobody knows what else would match the longer prefix.
      if (!found.answer.more && found.answer.missing === undefined) return narrow(found.answer, request.prefix);
    }
    return null;
  }

  /** The answer of the source. Rejects with the reason where there is none, and when the signal is aborted. */
  async ask(request: ValueRequest, context: ValueContext, wait: boolean): Promise<ValueAnswer> {
    const known = this.known(request);
    if (known) return known;
    const { debounce = 75, timeout = 5000, remember = 60_000 } = this.options;
    if (wait && debounce > 0) await pause(debounce, context.signal);
    context.signal.throwIfAborted();
    const late = new AbortController();
    const signal = AbortSignal.any([context.signal, late.signal]);
    const timer = setTimeout(() => late.abort(new Error(`no answer after ${timeout / 1000} s`)), timeout);
    try {
      const given = await Promise.race([this.source(request, { ...context, signal }), aborted(signal)]);
      const answer = isList(given) ? { values: given } : given;
      // What is incomplete is asked for again.
      if (answer.missing === undefined) this.keep(key(request, request.prefix), answer, Date.now() + remember);
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }

  private keep(name: string, answer: ValueAnswer, until: number): void {
    this.answers.delete(name);
    this.answers.set(name, { answer, until });
    const oldest = this.answers.keys().next();
    if (this.answers.size > MOST_REMEMBERED && !oldest.done) this.answers.delete(oldest.value);
  }
}

const key = ({ column, other, operator, rest, exclude }: ValueRequest, prefix: string): string =>
  JSON.stringify([column, other, operator, rest, exclude, prefix.toLowerCase()]);

const isList = (given: ValueAnswer | readonly Suggestion[]): given is readonly Suggestion[] => Array.isArray(given);

/** The values of an answer that match a longer prefix, in themselves or in what they mean. */
function narrow(answer: ValueAnswer, prefix: string): ValueAnswer {
  const wanted = prefix.toLowerCase();
  const matches = (text: string): boolean => text.toLowerCase().includes(wanted);
  return { values: answer.values.filter(({ value, detail = "" }) => matches(value) || matches(detail)) };
}

function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
}
