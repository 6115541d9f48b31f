import type { ObservedCallback } from '../../../protocol/captures/component-contexts.js';
import type { FunctionLocation } from '../../../protocol/code-place.js';
import {
  FunctionPrototypeToString,
  MathMin,
  SafeMap,
  SafeWeakRef,
  SafeWeakSet,
  StringPrototypeSlice,
} from '../../../protocol/primordials.js';
import type { ComponentContext } from './component-contexts.js';

/** Maximum number of functions located at once, and in a second; one takes up to 1 ms. */
const BURST = 4;
const PER_SECOND = 10;
/** Maximum number of functions that wait for that; others remain unknown. */
const MAX_WAITING = 100;
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

/** A function that waits to be located. It is not kept alive. */
interface Waiting {
  readonly callback: SafeWeakRef<object>;
  readonly components: readonly string[];
  /** Components and text. */
  readonly key: string;
}

/** Finds where the callbacks of timers start: a few at once, and the others as time allows. */
export class TimerCallbacks {
  readonly #locate: (callback: unknown) => FunctionLocation | undefined;
  readonly #known = new SafeWeakSet<object>();
  /** Numbers of located and waiting functions. */
  readonly #texts = new SafeMap<string, number>();
  /** A ring. */
  readonly #waiting: Waiting[] = [];
  #first = 0;
  #count = 0;
  #credit = BURST;
  #millis = 0;

  constructor(locate: (callback: unknown) => FunctionLocation | undefined) {
    this.#locate = locate;
  }

  /**
   * Adds the callback of a new timer, unless it was added before.
   *
   * @param context components of the running code
   */
  add(resource: object, { components, key: context }: ComponentContext): void {
    const { _onTimeout, _onImmediate } = resource as TimerResource;
    const callback = _onTimeout ?? _onImmediate;
    if (this.#count === MAX_WAITING || typeof callback !== 'function' || this.#known.has(callback)) return;
    const text = FunctionPrototypeToString(callback as () => void);
    if (text === NATIVE) return;
    const key = `${context}\n${StringPrototypeSlice(text, 0, TEXT_CHARS)}`;
    const known = this.#texts.get(key) ?? 0;
    if (known >= PER_TEXT || (known === 0 && this.#texts.size >= MAX_TEXTS)) return;
    this.#known.add(callback);
    this.#texts.set(key, known + 1);
    const callbackRef = new SafeWeakRef<object>(callback);
    this.#waiting[(this.#first + this.#count) % MAX_WAITING] = { callback: callbackRef, components, key };
    this.#count++;
  }

  /** Returns where the next callback starts, and its components; undefined if none waits, or none may be located now. */
  next(millis: number): ObservedCallback | undefined {
    if (this.#count === 0) return undefined;
    this.#credit = MathMin(BURST, this.#credit + ((millis - this.#millis) * PER_SECOND) / 1000);
    this.#millis = millis;
    while (this.#count > 0 && this.#credit >= 1) {
      const { callback, components, key } = this.#waiting[this.#first]!;
      this.#first = (this.#first + 1) % MAX_WAITING;
      this.#count--;
      const alive = callback.deref();
      if (!alive) {
        // Another closure of this text may take its place.
        this.#texts.set(key, (this.#texts.get(key) ?? 1) - 1);
        continue;
      }
      this.#credit--;
      const location = this.#locate(alive);
      if (location) return { location, components };
    }
    return undefined;
  }
}
