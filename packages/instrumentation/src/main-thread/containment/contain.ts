import { types } from 'node:util';
import {
  FunctionPrototypeApply,
  ObjectDefineProperty,
  PromisePrototypeThen,
  ReflectApply,
} from '../../protocol/primordials.js';

/** Called with what was thrown. */
export type OnThrown = (thrown: unknown) => void;

/**
 * Runs work and contains everything that it throws.
 *
 * @param onThrown called with what was thrown; what it throws itself is dropped
 * @returns what the work returned, or undefined if it threw
 */
export function contain<T>(work: () => T, onThrown: OnThrown): T | undefined {
  try {
    return work();
  } catch (thrown) {
    tell(onThrown, thrown);
    return undefined;
  }
}

/**
 * Wraps a function that Node or the application may call back, so that it never throws.
 *
 * @returns a function with the same parameters; it returns undefined if the original threw
 */
export function contained<Args extends unknown[], T>(
  work: (...args: Args) => T,
  onThrown: OnThrown,
): (...args: Args) => T | undefined {
  const safe = (...args: Args) => contain(() => ReflectApply(work, undefined, args), onThrown);
  // Needed because Node's emitters call `apply` of their listeners.
  return ObjectDefineProperty(safe, 'apply', { value: FunctionPrototypeApply });
}

/**
 * Runs asynchronous work; the returned promise never rejects, and resolves to undefined if the work failed.
 */
export async function containAsync<T>(
  work: () => Promise<T> | T,
  onThrown: OnThrown,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    tell(onThrown, thrown);
    return undefined;
  }
}

/**
 * Handles a value that the application's code returned: a promise that rejects later does not end the
 * process. Calls `then` only on native promises, since it would start lazy thenables (a query of knex or
 * mongoose).
 */
export function containRejection(value: unknown, onThrown: OnThrown): void {
  if (!types.isPromise(value)) return;
  const onRejected = (reason: unknown) => tell(onThrown, reason);
  try {
    void PromisePrototypeThen(value, undefined, onRejected);
  } catch {
    // Its `constructor`, which `then` reads, throws. Override it, so that a native promise is made.
    contain(() => {
      ObjectDefineProperty(value, 'constructor', { value: undefined, configurable: true });
      void PromisePrototypeThen(value, undefined, onRejected);
    }, onThrown);
  }
}

function tell(onThrown: OnThrown, thrown: unknown): void {
  try {
    onThrown(thrown);
  } catch {
    // Drop it, as the error handler itself has failed.
  }
}
