export interface ComponentCaptureCallsPorts {
  readonly isTraced: (name: string) => boolean;
  readonly begin: (capture: number, component: string) => void;
  readonly end: (capture: number) => void;
  /** Told when the first capture begins and when the last one ends. */
  readonly onActive: (active: boolean) => void;
}

/** The calls of traced components under way: those of one component that overlap share one capture. */
export class ComponentCaptureCalls {
  readonly #ports: ComponentCaptureCallsPorts;
  readonly #active = new Map<string, { readonly capture: number; calls: number }>();
  #nextCapture = 1;

  constructor(ports: ComponentCaptureCallsPorts) {
    this.#ports = ports;
  }

  get active(): boolean {
    return this.#active.size > 0;
  }

  /** Notes a call; returns what notes its end, or undefined when the component is not traced. */
  begin(name: string): (() => void) | undefined {
    if (!this.#ports.isTraced(name)) return undefined;
    let entry = this.#active.get(name);
    if (!entry) {
      entry = { capture: this.#nextCapture++, calls: 0 };
      this.#active.set(name, entry);
      this.#ports.onActive(true);
      this.#ports.begin(entry.capture, name);
    }
    entry.calls++;
    return () => this.#end(name);
  }

  #end(name: string): void {
    const entry = this.#active.get(name);
    if (!entry || --entry.calls > 0) return;
    this.#active.delete(name);
    this.#ports.end(entry.capture);
    if (this.#active.size === 0) this.#ports.onActive(false);
  }
}
