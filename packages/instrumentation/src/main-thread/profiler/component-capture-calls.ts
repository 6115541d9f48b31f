import type { CaptureScope } from '../../protocol/captures/component-contexts.js';
import { SafeMap } from '../../protocol/primordials.js';

export interface ComponentCaptureCallsDeps {
  readonly isTraced: (name: string) => boolean;
  /** Returns the scope of a capture that begins now. */
  readonly scope: () => CaptureScope;
  /** `again` is true if a profiler thread that died had already begun the capture. */
  readonly begin: (capture: number, component: string, scope: CaptureScope, again: boolean) => void;
  readonly end: (capture: number) => void;
  /** Called when the first capture begins and when the last one ends. */
  readonly onActive: (active: boolean) => void;
}

interface ActiveCapture {
  readonly capture: number;
  readonly scope: CaptureScope;
  calls: number;
}

/** Tracks active calls of traced components; overlapping calls of one component share one capture. */
export class ComponentCaptureCalls {
  readonly #deps: ComponentCaptureCallsDeps;
  readonly #active = new SafeMap<string, ActiveCapture>();
  #nextCapture = 1;

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

  /** Records a call. Returns a function that records its end; undefined if the component is not traced. */
  begin(name: string): (() => void) | undefined {
    if (!this.#deps.isTraced(name)) return undefined;
    const entry = this.#active.get(name) ?? this.#beginCapture(name);
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
      this.#deps.begin(capture, name, scope, true);
    });
  }

  #beginCapture(name: string): ActiveCapture {
    const entry = { capture: this.#nextCapture++, scope: this.#deps.scope(), calls: 0 };
    this.#active.set(name, entry);
    this.#deps.onActive(true);
    this.#deps.begin(entry.capture, name, entry.scope, false);
    return entry;
  }

  #end(name: string, entry: ActiveCapture): void {
    if (--entry.calls > 0) return;
    this.#active.delete(name);
    this.#deps.end(entry.capture);
    if (this.#active.size === 0) this.#deps.onActive(false);
  }
}
