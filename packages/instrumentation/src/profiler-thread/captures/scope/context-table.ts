import type { Observations } from '../../../protocol/captures/component-contexts.js';
import { type Frame, frameFile } from '../../ledger/index.js';

/** Components for which a function was seen to run, and how often lately. */
export interface Context {
  /** The outermost first; none if it ran for no component. */
  readonly components: readonly string[];
  /**
   * Number of asynchronous operations begun below it since the last reading; if there was none, in the last period with one.
   * 0 if the function ran for other components then.
   */
  readonly weight: number;
}

interface KnownContext {
  readonly components: readonly string[];
  readonly key: string;
  weight: number;
}

interface KnownFunction {
  /** Column of the function's keyword; 0 of a callback. */
  readonly column: number;
  readonly contexts: KnownContext[];
  /** True if the weights are those of the period that has not ended. */
  isCurrent: boolean;
}

/** Maximum number of functions; further ones remain unknown. */
const MAX_FUNCTIONS = 20_000;
/** Maximum number of different contexts of a function; further ones are ignored. */
const MAX_CONTEXTS = 100;
/**
 * V8's samples have the position of a function's parameters, observations that of its first keyword. Between them are its name
 * and at most `static async function* `.
 */
const MAX_KEYWORDS = 24;

/** Knows the contexts in which functions run outside of wrapped functions. */
export class ContextTable {
  /** Functions by file and line, callbacks by exact start; see `startOf`. */
  readonly #byPlace = new Map<string, KnownFunction[]>();
  #functions = 0;
  #version = 0;
  /** Functions observed in the present period. */
  #current: KnownFunction[] = [];

  /** Changes when a function, or a further context of one, becomes known. */
  get version(): number {
    return this.#version;
  }

  add({ functions, callbacks }: Observations): void {
    for (const { url, line, column, components, weight } of functions)
      this.#addContext(this.#known(`${frameFile(url)}\n${line}`, column), components, weight);
    for (const { location, components } of callbacks) {
      const place = startOf(location.scriptId, location.lineNumber + 1, location.columnNumber + 1);
      this.#addContext(this.#known(place, 0), components, 1);
    }
  }

  /**
   * Ends the period of a reading. Call after its samples were assigned: how often a function runs for each component changes,
   * so that samples are divided by what was observed while they were allocated.
   */
  endPeriod(): void {
    for (const known of this.#current) known.isCurrent = false;
    this.#current = [];
  }

  /** Returns the contexts in which a function runs; undefined if it was never seen. */
  of({ functionName, file, line, column, scriptId }: Frame): readonly Context[] | undefined {
    const farthest = column - functionName.length - MAX_KEYWORDS;
    let nearest: KnownFunction | undefined;
    for (const known of this.#byPlace.get(`${file}\n${line}`) ?? []) {
      if (known.column > column || known.column < farthest) continue;
      if (!nearest || known.column > nearest.column) nearest = known;
    }
    const [callback] = this.#byPlace.get(startOf(scriptId, line, column)) ?? [];
    if (!nearest || !callback) return (nearest ?? callback)?.contexts;
    return [...nearest.contexts, ...callback.contexts];
  }

  #addContext(known: KnownFunction | undefined, components: readonly string[], weight: number): void {
    if (!known) return;
    const key = components.join('\n');
    const context = known.contexts.find((one) => one.key === key);
    // An ignored context begins no period: the function would have no weight at all in it.
    if (!context && known.contexts.length >= MAX_CONTEXTS) return;
    this.#beginPeriod(known);
    if (context) context.weight += weight;
    else {
      known.contexts.push({ components, key, weight });
      this.#version++;
    }
  }

  #beginPeriod(known: KnownFunction): void {
    if (known.isCurrent) return;
    known.isCurrent = true;
    this.#current.push(known);
    for (const context of known.contexts) context.weight = 0;
  }

  #known(place: string, column: number): KnownFunction | undefined {
    const onLine = this.#byPlace.get(place) ?? [];
    const known = onLine.find((one) => one.column === column);
    if (known || this.#functions >= MAX_FUNCTIONS) return known;
    const added: KnownFunction = { column, contexts: [], isCurrent: false };
    this.#functions++;
    onLine.push(added);
    this.#byPlace.set(place, onLine);
    return added;
  }
}

/** Returns a key of a function's start that is not a file and line. */
function startOf(scriptId: string, line: number, column: number): string {
  return `\n${scriptId}:${line}:${column}`;
}
