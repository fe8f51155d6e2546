import { type EditorState, Facet } from "@codemirror/state";
import { type FlowQL, load } from "@flowql/wasm";

/** FlowQL, or the promise of it. */
export type FlowQLSource = FlowQL | Promise<FlowQL>;

/** FlowQL, on its way until it has loaded. */
export class Engine {
  /** What has loaded. */
  current: FlowQL | undefined;
  /** Whether it will never come. */
  failed = false;
  readonly ready: Promise<FlowQL>;

  constructor(source: FlowQLSource) {
    if (!("then" in source)) this.current = source;
    this.ready = Promise.resolve(source).then((flowql) => (this.current = flowql));
    // Who waits for it learns of a failure; where nobody does, the text stays plain.
    this.ready.catch(() => (this.failed = true));
  }
}

let shared: Engine | undefined;

/** The one with the default schema, which is loaded when it is wanted first. */
export function defaultEngine(): Engine {
  return (shared ??= new Engine(load()));
}

/** The FlowQL of an editor; the default one unless `flowql({ flowql })` gave another. */
export const engineFacet = Facet.define<Engine, Engine | undefined>({ combine: (engines) => engines[0] });

export function engineOf(state: EditorState): Engine {
  return state.facet(engineFacet) ?? defaultEngine();
}
