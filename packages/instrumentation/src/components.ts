import { types } from 'node:util';

/**
 * The named parts of a program that can be traced, as Airflow traces its scheduler or its API server. The
 * registry is one for the process, even when two copies of this package are loaded.
 */
interface Registry {
  readonly declared: Set<string>;
  readonly wrapped: WrappedFunction[];
  /** Set while a profiler runs. */
  captures: ComponentCaptures | undefined;
}

/** A function that is a component's work. */
export interface WrappedFunction {
  readonly component: string;
  readonly work: unknown;
}

/** What a running profiler offers to components. */
export interface ComponentCaptures {
  /** Told of every function that is wrapped, those from before it was connected first. */
  wrapped(wrapped: WrappedFunction): void;
  /** Told of every newly declared name. */
  declared(name: string): void;
  /** Begins a capture and returns what ends it; undefined when the component is not traced. */
  begin(name: string): (() => void) | undefined;
}

/** Wrapped functions that are remembered for a profiler that starts later. */
const MAX_WRAPPED = 1000;
const KEY = Symbol.for('heapray.components.1');

function registry(): Registry {
  const global = globalThis as { [KEY]?: Registry };
  global[KEY] ??= { declared: new Set(), wrapped: [], captures: undefined };
  return global[KEY];
}

/** Declares the components of this program, so that `traceComponents` may name them. */
export function defineComponents(names: readonly string[]): void {
  for (const name of names) {
    if (registry().declared.has(name)) continue;
    registry().declared.add(name);
    registry().captures?.declared(name);
  }
}

/** The names declared so far. */
export function declaredComponents(): readonly string[] {
  return [...registry().declared];
}

/** Connects the registry to the running profiler, or to none. */
export function setComponentCaptures(captures: ComponentCaptures | undefined): void {
  registry().captures = captures;
  if (captures) for (const wrapped of registry().wrapped) captures.wrapped(wrapped);
}

/**
 * Wraps a function that is a component's work. If the component is traced, a memray capture of the whole
 * process is written from its call until it returns, throws, settles (when it returns a promise), or the
 * process ends; otherwise the call costs nothing. Calls that overlap share one capture.
 *
 * Traced or not, memory allocated on stacks through the function is labelled with the component.
 *
 * @returns a function with the same parameters, result, `this` and errors; while traced, a promise is passed on as
 *   one that settles the same way
 */
export function profileComponent<This, Args extends unknown[], Result>(
  name: string,
  work: (this: This, ...args: Args) => Result,
): (this: This, ...args: Args) => Result {
  defineComponents([name]);
  const wrapped: WrappedFunction = { component: name, work };
  // A program that wraps anew for each request must not be kept in memory by that.
  if (registry().wrapped.length < MAX_WRAPPED) registry().wrapped.push(wrapped);
  registry().captures?.wrapped(wrapped);
  return function componentWork(this: This, ...args: Args): Result {
    const end = registry().captures?.begin(name);
    if (!end) return work.apply(this, args);
    let result: Result;
    try {
      result = work.apply(this, args);
    } catch (error) {
      end();
      throw error;
    }
    if (types.isPromise(result)) return passedOn(result, end) as Result;
    if (isThenable(result)) result.then(end, end);
    else end();
    return result;
  };
}

/**
 * A promise that settles like the given one. Handlers on that one itself would make it a handled one, and a
 * rejection that the program does not handle would go unnoticed.
 */
function passedOn<T>(promise: Promise<T>, end: () => void): Promise<T> {
  return promise.then(
    (value) => {
      end();
      return value;
    },
    (error: unknown) => {
      end();
      throw error;
    },
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
