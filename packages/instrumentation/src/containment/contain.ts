import { types } from 'node:util';
import {
  FunctionPrototypeApply,
  ObjectDefineProperty,
  PromisePrototypeThen,
  ReflectApply,
} from './primordials.js';

/** Told of what was thrown. */
export type OnThrown = (thrown: unknown) => void;

/**
 * Runs work and lets nothing that it throws escape.
 *
 * @param onThrown told of what was thrown; what it throws itself is dropped
 * @returns what the work returned, or undefined when it threw
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
 * Makes of a function one that never throws: what Node or the application may call back.
 *
 * @returns a function with the same parameters; it returns undefined when the original threw
 */
export function contained<Args extends unknown[], T>(
  work: (...args: Args) => T,
  onThrown: OnThrown,
): (...args: Args) => T | undefined {
  const safe = (...args: Args) => contain(() => ReflectApply(work, undefined, args), onThrown);
  // Node's emitters call the `apply` of their listeners.
  return ObjectDefineProperty(safe, 'apply', { value: FunctionPrototypeApply });
}

/** Runs asynchronous work; the returned promise is never rejected, and undefined when the work failed. */
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
 * Takes care of a value that the application's code returned: a promise that is rejected later does not end the
 * process. Does not call `then` of anything but a promise of the language, since that would start lazy ones (a query
 * of knex or mongoose).
 */
export function containRejection(value: unknown, onThrown: OnThrown): void {
  if (!types.isPromise(value)) return;
  const onRejected = (reason: unknown) => tell(onThrown, reason);
  try {
    void PromisePrototypeThen(value, undefined, onRejected);
  } catch {
    // Its `constructor` throws when it is asked what kind of promise to make; without one, it is the language's own.
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
    // There is nobody left to tell.
  }
}
