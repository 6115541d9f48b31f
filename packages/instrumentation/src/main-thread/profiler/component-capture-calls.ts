import type { CaptureScope } from '../../protocol/captures/component-contexts.js';
import type { ExactCapture } from '../../protocol/messages.js';
import { SafeMap } from '../../protocol/primordials.js';

export interface ComponentCaptureCallsDeps {
  readonly isTraced: (name: string) => boolean;
  /** Returns the scope of a capture that begins now. */
  readonly scope: () => CaptureScope;
  /**
   * Begins exact mode if it does not run.
   *
   * @returns how the exact capture begins; undefined if exact mode is not possible
   */
  readonly beginExact: () => ExactCapture | undefined;
  readonly begin: (begun: BegunCapture) => void;
  readonly end: (capture: number, isExact: boolean) => void;
  /** Ends exact mode if {@link beginExact} began it; called when the last exact capture ends. */
  readonly endExact: () => void;
  /** Called when the first capture begins and when the last one ends. */
  readonly onActive: (active: boolean) => void;
}

/** A capture that begins. */
export interface BegunCapture {
  readonly capture: number;
  readonly component: string;
  readonly scope: CaptureScope;
  /** True if a profiler thread that died had already begun it. */
  readonly again: boolean;
  readonly exact: ExactCapture | undefined;
}

interface ActiveCapture {
  readonly capture: number;
  readonly scope: CaptureScope;
  readonly isExact: boolean;
  calls: number;
}

/** Tracks active calls of traced components; overlapping calls of one component share one capture. */
export class ComponentCaptureCalls {
  readonly #deps: ComponentCaptureCallsDeps;
  readonly #active = new SafeMap<string, ActiveCapture>();
  #nextCapture = 1;
  #exactCaptures = 0;

  constructor(deps: ComponentCaptureCallsDeps) {
    this.#deps = deps;
  }

  get active(): boolean {
    return this.#active.size > 0;
  }

  /** True while there is a capture of what belongs to a component only. */
  get anyScoped(): boolean {
    let any = false;
    this.#active.forEach(({ scope }) => {
      any ||= scope === 'component';
    });
    return any;
  }

  /** Returns true while the component has a capture of what belongs to it only. */
  isScoped(name: string): boolean {
    return this.#active.get(name)?.scope === 'component';
  }

  /**
   * Records a call. Returns a function that records its end; undefined if the component is not traced.
   *
   * @param isExact true for a capture of every allocation; a call that joins a running capture cannot change it
   */
  begin(name: string, isExact = false): (() => void) | undefined {
    if (!this.#deps.isTraced(name)) return undefined;
    const entry = this.#active.get(name) ?? this.#beginCapture(name, isExact);
    entry.calls++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#end(name, entry);
    };
  }

  /** Begins all open captures again, for a new profiler thread. */
  beginAgain(): void {
    this.#active.forEach(({ capture, scope }, name) => {
      this.#deps.begin({ capture, component: name, scope, again: true, exact: undefined });
    });
  }

  #beginCapture(name: string, wantsExact: boolean): ActiveCapture {
    const exact = wantsExact ? this.#deps.beginExact() : undefined;
    const scope = this.#deps.scope();
    const entry = { capture: this.#nextCapture++, scope, isExact: exact !== undefined, calls: 0 };
    if (exact) this.#exactCaptures++;
    this.#active.set(name, entry);
    this.#deps.onActive(true);
    this.#deps.begin({ capture: entry.capture, component: name, scope, again: false, exact });
    return entry;
  }

  #end(name: string, entry: ActiveCapture): void {
    if (--entry.calls > 0) return;
    this.#active.delete(name);
    this.#deps.end(entry.capture, entry.isExact);
    if (entry.isExact && --this.#exactCaptures === 0) this.#deps.endExact();
    if (this.#active.size === 0) this.#deps.onActive(false);
  }
}
