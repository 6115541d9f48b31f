import type { CaptureReport } from './capture-options.js';

/** Reports what happens to a capture, one line for each event. */
export class CaptureReports {
  readonly #tell: (report: CaptureReport) => void;
  #saidStacks = false;

  constructor(tell: ((report: CaptureReport) => void) | undefined) {
    this.#tell = tell ?? (() => {});
  }

  /** @param next path where it continues; undefined if it does not, or not yet */
  removed(path: string, next: string | undefined): void {
    const goesOn = next === undefined ? '' : `; it goes on, with everything that is alive, in ${next}`;
    this.#warn(`capture ${path} was removed or moved away${goesOn}`, 'capture_removed');
  }

  paused(path: string, why: string): void {
    this.#warn(`capture ${path} pauses, and is tried again: ${why}`, 'capture_paused');
  }

  resumed(path: string): void {
    const text = `the capture goes on, with everything that is alive, in ${path}`;
    this.#tell({ message: { level: 'info', text } });
  }

  summedUp(path: string, maxBytes: number): void {
    this.#saidStacks = true;
    this.#warn(
      `what is alive does not fit into ${maxBytes} bytes (maxCaptureBytes): the capture goes on summed up, with as many ` +
        `stacks as fit, in ${path}`,
    );
  }

  stacksLeftOut(path: string): void {
    const text = `${path}: what its stacks take is too much for maxCaptureBytes; some are left out, their bytes are not`;
    const message = this.#saidStacks ? undefined : ({ level: 'info', text } as const);
    this.#saidStacks = true;
    this.#tell({ message, drop: 'capture_stack' });
  }

  #warn(text: string, drop?: CaptureReport['drop']): void {
    this.#tell({ message: { level: 'warn', text }, drop });
  }
}
