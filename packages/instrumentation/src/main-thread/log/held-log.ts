import type { Log, LogLevel } from '../../protocol/log.js';
import { setImmediate } from '../../protocol/primordials.js';
import { contained } from '../containment/contain.js';

/** Number of lines that are held at most. */
const MAX_HELD = 20;

/**
 * Passes log lines on, and holds them while heapray interrupts the application's code. That may be its logger, or wait for another
 * thread: a logger that is called then could hang.
 */
export class HeldLog {
  readonly #log: Log;
  #isHolding = false;
  #held: { readonly level: LogLevel; readonly text: string }[] = [];
  #dropped = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Logs a line, or holds it. */
  readonly log: Log = (level, text) => {
    if (!this.#isHolding) this.#log(level, text);
    else if (this.#held.length < MAX_HELD) this.#held[this.#held.length] = { level, text };
    else this.#dropped++;
  };

  /** Runs work that must not throw. Its log lines are passed on in the next turn of the event loop. */
  during(work: () => void): void {
    this.#isHolding = true;
    work();
    this.#isHolding = false;
    if (this.#held.length === 0) return;
    const passOn = contained(
      () => this.#passOn(),
      () => {},
    );
    setImmediate(passOn);
  }

  #passOn(): void {
    const lines = this.#held;
    const dropped = this.#dropped;
    this.#held = [];
    this.#dropped = 0;
    for (let at = 0; at < lines.length; at++) this.#log(lines[at]!.level, lines[at]!.text);
    if (dropped > 0) this.#log('warn', `${dropped} more log lines were left out, in an interrupt`);
  }
}
