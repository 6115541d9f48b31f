import type { FunctionLocation } from '../../../protocol/code-place.js';
import {
  FunctionPrototypeToString,
  MathMin,
  SafeMap,
  SafeWeakSet,
  StringPrototypeSlice,
} from '../../../protocol/primordials.js';

/** Maximum number of functions located at once, and in a second; one takes up to 1 ms. */
const BURST = 50;
const PER_SECOND = 10;
/**
 * Maximum number of functions of the same text and components that are located: closures are made again and again, but their place is
 * the same. Others with that text remain unknown.
 */
const PER_TEXT = 4;
const TEXT_CHARS = 300;
const MAX_TEXTS = 1000;
/** Text of the functions that resolve promises, which timers of `node:timers/promises` call. */
const NATIVE = 'function () { [native code] }';

/** Node's record of a timer or immediate. */
interface TimerResource {
  readonly _onTimeout?: unknown;
  readonly _onImmediate?: unknown;
}

/** Finds where the callbacks of timers start, of as many as time allows. */
export class TimerCallbacks {
  readonly #locate: (callback: unknown) => FunctionLocation | undefined;
  readonly #known = new SafeWeakSet<object>();
  /** Numbers of located functions. */
  readonly #texts = new SafeMap<string, number>();
  #credit = BURST;
  #millis = 0;

  constructor(locate: (callback: unknown) => FunctionLocation | undefined) {
    this.#locate = locate;
  }

  /**
   * Returns where the callback of a new timer starts; undefined if it was located before or may not be now.
   *
   * @param context components of the running code, as one text
   */
  locate(resource: object, context: string, millis: number): FunctionLocation | undefined {
    const { _onTimeout, _onImmediate } = resource as TimerResource;
    const callback = _onTimeout ?? _onImmediate;
    if (typeof callback !== 'function' || this.#known.has(callback)) return undefined;
    const text = FunctionPrototypeToString(callback as () => void);
    if (text === NATIVE) return undefined;
    const key = `${context}\n${StringPrototypeSlice(text, 0, TEXT_CHARS)}`;
    const located = this.#texts.get(key) ?? 0;
    if (located >= PER_TEXT || (located === 0 && this.#texts.size >= MAX_TEXTS)) return undefined;
    this.#credit = MathMin(BURST, this.#credit + ((millis - this.#millis) * PER_SECOND) / 1000);
    this.#millis = millis;
    if (this.#credit < 1) return undefined;
    this.#credit--;
    this.#known.add(callback);
    this.#texts.set(key, located + 1);
    return this.#locate(callback);
  }
}
