import type { FunctionLocation } from '../../../protocol/code-place.js';
import { FunctionPrototypeToString, MathMin, SafeWeakSet } from '../../../protocol/primordials.js';

/** Maximum number of functions located at once, and in a second; one takes up to 1 ms. */
const BURST = 50;
const PER_SECOND = 10;
/** Text of the functions that resolve promises, which timers of `node:timers/promises` call. */
const NATIVE = 'function () { [native code] }';

/** What Node keeps of a timer or immediate. */
interface TimerResource {
  readonly _onTimeout?: unknown;
  readonly _onImmediate?: unknown;
}

/** Finds where the callbacks of timers start, of as many as time allows. */
export class TimerCallbacks {
  readonly #locate: (callback: unknown) => FunctionLocation | undefined;
  readonly #known = new SafeWeakSet<object>();
  #credit = BURST;
  #millis = 0;

  constructor(locate: (callback: unknown) => FunctionLocation | undefined) {
    this.#locate = locate;
  }

  /** Returns where the callback of a new timer starts; undefined if it was located before or may not be now. */
  locate(resource: object, millis: number): FunctionLocation | undefined {
    const { _onTimeout, _onImmediate } = resource as TimerResource;
    const callback = _onTimeout ?? _onImmediate;
    if (typeof callback !== 'function' || this.#known.has(callback)) return undefined;
    if (FunctionPrototypeToString(callback as () => void) === NATIVE) return undefined;
    this.#credit = MathMin(BURST, this.#credit + ((millis - this.#millis) * PER_SECOND) / 1000);
    this.#millis = millis;
    if (this.#credit < 1) return undefined;
    this.#credit--;
    this.#known.add(callback);
    return this.#locate(callback);
  }
}
