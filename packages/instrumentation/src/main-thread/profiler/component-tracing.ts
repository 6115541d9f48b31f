import type { FunctionLocation } from '../../protocol/code-place.js';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import type { ExactCapture, ToProfilerThread } from '../../protocol/messages.js';
import { contain, type OnThrown } from '../containment/contain.js';
import { ComponentCaptureCalls } from './component-capture-calls.js';
import { setComponentCaptures } from './components.js';
import { ComponentContexts } from './contexts/component-contexts.js';
import { ContextObserver } from './contexts/context-observer.js';
import type { TracedComponents } from './traced-components.js';

export interface ComponentTracingDeps {
  readonly components: TracedComponents;
  readonly log: Log;
  /** Sends to the profiler thread, if there is one. */
  readonly send: (message: ToProfilerThread) => void;
  readonly locate: (work: unknown) => FunctionLocation | undefined;
  /** See `ComponentCaptureCallsDeps`. */
  readonly beginExact: () => ExactCapture | undefined;
  readonly endExact: () => void;
  /** Blocks until the profiler thread has begun or ended an exact capture. */
  readonly waitForExact: () => void;
  /** Called when the first capture of a call begins and when the last one ends. */
  readonly onActive: (active: boolean) => void;
  /** Called with what the application's changes of built-ins make heapray throw. */
  readonly failed: OnThrown;
}

/** Serves `defineComponents` and `profileComponent`: sends the profiler thread what to trace and label. */
export class ComponentTracing {
  readonly #deps: ComponentTracingDeps;
  readonly #calls: ComponentCaptureCalls;
  readonly #contexts = new ComponentContexts();
  readonly #observer: ContextObserver;
  #isStopped = false;

  constructor(deps: ComponentTracingDeps) {
    this.#deps = deps;
    this.#observer = new ContextObserver({
      contexts: this.#contexts,
      send: (observed) => deps.send({ type: 'contexts', observed }),
      locate: deps.locate,
      failed: (thrown) =>
        deps.log('warn', `cannot learn which functions run for a component: ${describeThrown(thrown)}`),
    });
    this.#calls = new ComponentCaptureCalls({
      isTraced: (name) => !this.#isStopped && deps.components.has(name),
      scope: () => deps.components.captureScope,
      beginExact: () => deps.beginExact(),
      begin: (begun) => {
        if (begun.scope === 'component') this.#observer.start();
        deps.send({ type: 'capture-begin', ...begun });
        if (begun.exact) deps.waitForExact();
      },
      end: (capture, isExact) => {
        this.#observer.flush();
        deps.send({ type: 'capture-end', capture, isExact });
        if (!this.#calls.anyScoped) this.#observer.stop();
        if (isExact) deps.waitForExact();
      },
      endExact: () => deps.endExact(),
      onActive: deps.onActive,
    });
  }

  /** True while a traced component's function runs. */
  get isActive(): boolean {
    return this.#calls.active;
  }

  start(): void {
    this.#register();
  }

  /** Sends a new profiler thread what the one before it knew. */
  startAgain(): void {
    // Request tracing again: the previous thread may have died before the sampler was restarted.
    if (this.#deps.components.any) this.trace();
    // Register again, as the new thread does not know the wrapped functions and their captures.
    this.#register();
    this.#calls.beginAgain();
    this.#observer.startAgain();
  }

  /** Sends what is known of the components' functions; call before the process ends. */
  flush(): void {
    this.#observer.flush();
  }

  stop(): void {
    this.#isStopped = true;
    this.#observer.stop();
    setComponentCaptures(undefined);
  }

  /** Traces a component from now on; the profiler thread asks for a smaller interval if needed. */
  trace(): void {
    const { tracedSamplingInterval } = this.#deps.components.config.options;
    this.#deps.send({ type: 'trace', samplingInterval: tracedSamplingInterval });
  }

  #register(): void {
    const { failed } = this.#deps;
    setComponentCaptures({
      declared: (name) => contain(() => this.#declared(name), failed),
      wrapped: ({ component, work }) => contain(() => this.#labelStacks(component, work), failed),
      begin: (name, isExact) => contain(() => this.#beginCall(name, isExact), failed),
      run: (name, work) => (this.#calls.isScoped(name) ? this.#contexts.run(name, work) : work()),
    });
  }

  #declared(name: string): void {
    if (!this.#isStopped && this.#deps.components.has(name)) this.trace();
  }

  #labelStacks(component: string, work: unknown): void {
    const location = this.#deps.locate(work);
    if (location) this.#deps.send({ type: 'component-function', component, location });
  }

  #beginCall(name: string, isExact = false): (() => void) | undefined {
    const end = this.#calls.begin(name, isExact || this.#deps.components.detailed);
    return end && (() => void contain(end, this.#deps.failed));
  }
}
