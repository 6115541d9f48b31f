import { type AsyncHook, createHook } from 'node:async_hooks';
import type {
  Observations,
  ObservedCallback,
  ObservedFunction,
} from '../../../protocol/captures/component-contexts.js';
import type { FunctionLocation } from '../../../protocol/code-place.js';
import {
  MathFloor,
  MathLog,
  MathMax,
  MathMin,
  MathRandom,
  SafeMap,
  setImmediate,
} from '../../../protocol/primordials.js';
import { monotonicMillis } from '../../../protocol/steady-clock.js';
import { contain, type OnThrown } from '../../containment/contain.js';
import type { ComponentContexts } from './component-contexts.js';
import { type FunctionStart, stackEnds } from './stack-ends.js';
import { TimerCallbacks } from './timer-callbacks.js';

export interface ContextObserverDeps {
  readonly contexts: ComponentContexts;
  readonly send: (observed: Observations) => void;
  /** Returns where a function starts. */
  readonly locate: (callback: unknown) => FunctionLocation | undefined;
  /** Called once when observation fails, which ends it. */
  readonly failed: OnThrown;
}

/** Gap that observations have on average in a busy program, in ms. */
const GAP_MILLIS = 3;
/** Factor by which observations become rarer or more frequent. */
const FASTER = 1.1;
/** Longest time that observations wait until the next one sends them, in ms. */
const SEND_MILLIS = 50;
/** Maximum mean number of operations between two observations. */
const MAX_STRIDE = 2 ** 16;
/** Maximum number of different observations that wait; further ones are dropped. */
const MAX_WAITING = 1000;
/** Maximum number of callbacks that are sent again to a new profiler thread. */
const MAX_SENT_AGAIN = 1000;

interface Waiting {
  readonly url: string;
  readonly line: number;
  readonly column: number;
  readonly components: readonly string[];
  weight: number;
}

/**
 * Learns which functions run for which component, outside of wrapped functions: V8's samples have a stack, but no asynchronous
 * context. Looks at both ends of the stack and at the context at randomly chosen beginnings of asynchronous operations
 * (promises, timers, ticks, requests), and at the callbacks of timers, which may begin no operation themselves.
 */
export class ContextObserver {
  readonly #deps: ContextObserverDeps;
  #hook: AsyncHook | undefined;
  readonly #timers: TimerCallbacks;
  #waiting = new SafeMap<string, Waiting>();
  #callbacks: ObservedCallback[] = [];
  readonly #allCallbacks: ObservedCallback[] = [];
  #isWanted = false;
  #isLooking = false;
  #hasFailed = false;
  /** Mean number of operations from one observation to the next. */
  #stride = 1;
  /** Operations until the next observation. */
  #left = 1;
  #lookedMillis = 0;
  #sentMillis = 0;
  /** Called by Node, which ends the process if it throws. */
  readonly #begun = (_id: number, type: string, _trigger: number, resource: object): void => {
    const isTimer = type === 'Timeout' || type === 'Immediate';
    if ((--this.#left > 0 && !isTimer) || this.#isLooking || !this.#isWanted) return;
    this.#isLooking = true;
    contain(() => {
      if (isTimer) this.#timers.add(resource, this.#deps.contexts.present);
      this.#locateTimers();
      if (this.#left <= 0) this.#look();
    }, this.#fail);
    this.#isLooking = this.#hasFailed;
  };
  readonly #fail = (thrown: unknown): void => {
    this.#hasFailed = true;
    this.#deps.failed(thrown);
  };

  constructor(deps: ContextObserverDeps) {
    this.#deps = deps;
    this.#timers = new TimerCallbacks(deps.locate);
  }

  start(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    contain(() => {
      this.#hook ??= createHook({ init: this.#begun });
      this.#hook.enable();
    }, this.#fail);
  }

  /** Sends a new profiler thread the callbacks of timers, which are located only once. */
  startAgain(): void {
    for (let at = 0; at < this.#allCallbacks.length; at++) this.#callbacks[at] = this.#allCallbacks[at]!;
    this.flush();
  }

  /** Stops soon, because Node may be iterating over its hooks now. */
  stop(): void {
    this.flush();
    if (!this.#isWanted) return;
    this.#isWanted = false;
    const disable = () => {
      if (!this.#isWanted) this.#hook?.disable();
    };
    setImmediate(() => contain(disable, this.#fail)).unref();
  }

  /** Sends what was observed. */
  flush(): void {
    if (this.#waiting.size === 0 && this.#callbacks.length === 0) return;
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    const functions: ObservedFunction[] = [];
    this.#waiting.forEach((one) => {
      functions[functions.length] = one;
    });
    this.#waiting = new SafeMap();
    this.#deps.send({ functions, callbacks });
  }

  #look(): void {
    const millis = monotonicMillis();
    const weight = this.#stride;
    this.#draw(millis - this.#lookedMillis);
    this.#lookedMillis = millis;
    const { outermost, innermost } = stackEnds(this.#begun);
    // The innermost function may be about to await; it will be the outermost one when it continues, in this context.
    if (innermost) this.#add(innermost, weight);
    // Below a wrapped function, the outermost one may be the program's main function, which is of no component.
    const isNew = outermost && !(innermost && isSame(outermost, innermost));
    if (isNew && !this.#deps.contexts.isBelowFunction) this.#add(outermost, weight);
    if (millis - this.#sentMillis < SEND_MILLIS) return;
    this.#sentMillis = millis;
    this.flush();
  }

  #locateTimers(): void {
    for (;;) {
      const callback = this.#timers.next(monotonicMillis());
      if (!callback) return;
      this.#callbacks[this.#callbacks.length] = callback;
      if (this.#allCallbacks.length < MAX_SENT_AGAIN)
        this.#allCallbacks[this.#allCallbacks.length] = callback;
    }
  }

  #add(found: FunctionStart, weight: number): void {
    const { components, key } = this.#deps.contexts.present;
    const place = `${found.url}:${found.line}:${found.column}${key}`;
    const known = this.#waiting.get(place);
    if (known) known.weight += weight;
    else if (this.#waiting.size < MAX_WAITING) this.#waiting.set(place, { ...found, components, weight });
  }

  /** Chooses the next operation to look at, so that a busy program is looked at as rarely as it should be. */
  #draw(gapMillis: number): void {
    // Change slowly: the stride must not depend on which operations come now.
    if (gapMillis < GAP_MILLIS) this.#stride = MathMin(MAX_STRIDE, this.#stride * FASTER);
    else if (gapMillis > 4 * GAP_MILLIS) this.#stride = MathMax(1, this.#stride / FASTER);
    // Geometrically distributed: any other distances could keep step with a program that does the same again and again.
    this.#left =
      this.#stride > 1 ? 1 + MathFloor(MathLog(1 - MathRandom()) / MathLog(1 - 1 / this.#stride)) : 1;
  }
}

function isSame(a: FunctionStart, b: FunctionStart): boolean {
  return a.line === b.line && a.column === b.column && a.url === b.url;
}
