import { Buffer } from 'node:buffer';
import type { BufferBatch, OffHeapMode } from '../../protocol/buffer-events.js';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import { globalObject, now, SafeRangeError } from '../../protocol/primordials.js';
import { contain, type OnThrown } from '../containment/contain.js';
import { Timers } from '../containment/timers.js';
import { BufferEvents } from './buffer-events.js';
import { bufferHooks, placeOfHookedCall } from './buffer-hooks.js';
import { BufferSampler, type SampledBuffer } from './buffer-sampler.js';
import { CallStacks } from './call-stacks.js';
import { constructorHooks } from './constructor-hooks.js';
import type { HookedProperty } from './hooked-property.js';
import { LiveBuffers } from './live-buffers.js';
import { MAX_LIVE, SampleRate } from './sample-rate.js';

export interface BufferProfilingDeps {
  send(batch: BufferBatch): void;
  /** Number of batches that the profiler thread has taken. */
  taken(): number;
  readonly log: Log;
}

/** Gap between batches, in ms. */
const BATCH_MILLIS = 1_000;
/**
 * Time from a collection to its batch, in ms. Finalizers run in one of the next turns of the event loop, and
 * report what that collection has freed.
 */
const SETTLE_MILLIS = 50;
/** heapray's own frames on the stack of a sample, from `CallStacks.idOf` to the hook. */
const OWN_FRAMES = 8;

/**
 * Attributes memory outside V8's heap to the functions that make Buffers: samples these by hooks, and follows
 * the samples until their memory is freed. Keeps neither Buffers nor closures alive. Never throws.
 */
export class BufferProfiling {
  readonly #deps: BufferProfilingDeps;
  readonly #timers: Timers;
  readonly #stacks = new CallStacks(placeOfHookedCall);
  readonly #events: BufferEvents;
  readonly #live: LiveBuffers;
  readonly #rate = new SampleRate(now());
  readonly #sampler: BufferSampler;
  readonly #failed: OnThrown = (thrown) => this.#fail(thrown);
  #hasFailed = false;
  #bufferHooks: readonly HookedProperty[] | undefined;
  #constructorHooks: readonly HookedProperty[] | undefined;
  #mode: OffHeapMode = 'off';
  #newest = 0;
  #isScheduled = false;
  #hasSampled = false;

  constructor(deps: BufferProfilingDeps) {
    this.#deps = deps;
    this.#timers = new Timers(this.#failed);
    this.#events = new BufferEvents({ ...deps, stacks: this.#stacks });
    this.#live = new LiveBuffers({
      died: (id) => {
        this.#events.died(id);
        this.#schedule();
      },
      leftInPool: (id) => {
        this.#events.leftInPool(id);
        this.#schedule();
      },
      failed: this.#failed,
    });
    this.#sampler = new BufferSampler(
      (buffer) => this.#sampled(buffer),
      (thrown) => this.#sampleFailed(thrown),
    );
  }

  /** Memory that is followed at present. */
  get mode(): OffHeapMode {
    return this.#mode;
  }

  /**
   * Samples what the mode names from now on. Samples so far are followed to their end in any mode. Functions
   * that the application has taken out of `Buffer` before are not seen.
   */
  set(mode: OffHeapMode): void {
    if (mode === this.#mode || this.#hasFailed) return;
    contain(() => this.#set(mode), this.#failed);
  }

  #set(mode: OffHeapMode): void {
    this.#mode = mode;
    if (mode !== 'off') {
      this.#bufferHooks ??= bufferHooks(Buffer, this.#sampler);
      this.#install(this.#bufferHooks);
    } else remove(this.#bufferHooks);
    if (mode === 'all') {
      this.#constructorHooks ??= constructorHooks(globalObject, this.#sampler);
      this.#install(this.#constructorHooks);
    } else remove(this.#constructorHooks);
    this.#adapt();
  }

  #install(hooks: readonly HookedProperty[]): void {
    let refused = 0;
    for (let at = 0; at < hooks.length; at++) if (!hooks[at]!.install()) refused++;
    if (refused === 0) return;
    this.#deps.log(
      'warn',
      `${refused} of ${hooks.length} functions that make Buffers cannot be replaced: what they make is unattributed`,
    );
  }

  /** Call after each major collection: Buffers that it has freed are reported soon. */
  collected(): void {
    if (this.#hasSampled) this.#timers.after(SETTLE_MILLIS, () => this.#events.send());
  }

  /** Sends what is waiting, without waiting for the next batch. */
  flush(): void {
    contain(() => {
      if (this.#events.isWaiting) this.#events.send();
    }, this.#failed);
  }

  /** Starts over with another profiler thread. What was sampled before becomes unattributed. */
  threadStarted(): void {
    this.#live.clear();
    this.#stacks.restart();
    this.#events.restart();
  }

  /** Stops for good: `Buffer` is as before, unless other code has replaced its functions too. */
  stop(): void {
    this.set('off');
    this.#timers.stop();
  }

  #sampled({ store, slice, bytes, weight }: SampledBuffer): void {
    const startMillis = now();
    this.#hasSampled = true;
    this.#rate.taken();
    if (this.#live.size >= MAX_LIVE || this.#events.isFull) this.#events.drop();
    else {
      const id = ++this.#newest;
      const stack = this.#stacks.idOf(slice !== undefined, OWN_FRAMES);
      this.#live.add(id, store, slice);
      this.#events.born({ id, stack, weight, bytes });
    }
    this.#schedule();
    this.#adapt();
    this.#events.cost(now() - startMillis);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#timers.after(BATCH_MILLIS, () => this.#tick());
  }

  #tick(): void {
    this.#isScheduled = false;
    this.#live.findGone();
    if (this.#events.isWaiting) this.#events.send();
    this.#adapt();
    // Without samples alive or waiting there is nothing to do until the next one.
    if (this.#live.size > 0 || this.#events.isWaiting || this.#rate.isScarce) this.#schedule();
  }

  #adapt(): void {
    this.#sampler.interval = this.#mode === 'off' ? 0 : this.#rate.interval(now(), this.#live.size);
  }

  /** Leaves out a sample that the program has no stack left for, as in an endless recursion that it catches. */
  #sampleFailed(thrown: unknown): void {
    if (thrown instanceof SafeRangeError) this.#events.drop();
    else this.#fail(thrown);
  }

  #fail(thrown: unknown): void {
    this.#hasFailed = true;
    this.#sampler.interval = 0;
    this.#mode = 'off';
    this.#deps.log(
      'error',
      `internal error, Buffers are no longer attributed to functions: ${describeThrown(thrown)}`,
    );
    const nothing = () => {};
    contain(() => remove(this.#bufferHooks), nothing);
    contain(() => remove(this.#constructorHooks), nothing);
    contain(() => this.#timers.stop(), nothing);
  }
}

function remove(hooks: readonly HookedProperty[] = []): void {
  for (let at = 0; at < hooks.length; at++) hooks[at]!.remove();
}
