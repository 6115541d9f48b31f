const LINE_MILLIS = 5_000;

/** A progress line: rewritten on a terminal; elsewhere a new line every few seconds. */
export class Progress {
  #out;
  #lastAt = Number.NEGATIVE_INFINITY;
  #width = 0;

  constructor(out) {
    this.#out = out;
  }

  show(text) {
    if (this.#out.isTTY) {
      this.#out.write(`\r${text.padEnd(this.#width)}`);
      this.#width = text.length;
      return;
    }
    const now = performance.now();
    if (now - this.#lastAt < LINE_MILLIS) return;
    this.#lastAt = now;
    this.#out.write(`${text}\n`);
  }

  /** Ends the line, so that further output starts on a new one. */
  end() {
    if (this.#width > 0) this.#out.write('\n');
    this.#width = 0;
  }
}
