import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** How a crash begins to say what was wrong. */
const ERROR_LINE = /^(\w*Error\b.*)/;

/** A Node process that reports in lines of JSON on its stdout. */
export class ReportingProcess {
  #name;
  #child;
  #ended;
  #listeners = new Set();
  #stderr = [];
  /** What went wrong last, in its own words. */
  #lastError = '';

  /** @param name what messages call it */
  constructor(name, args, env = process.env) {
    this.#name = name;
    this.#child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#takeReport(line));
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#takeError(line));
    this.#ended = once(this.#child, 'close').then(([code, signal]) => code ?? signal);
    // Whoever waits for it sees its failure.
    this.#ended.catch(() => {});
  }

  /** Calls back for every report from now on. */
  onReport(listener) {
    this.#listeners.add(listener);
  }

  /**
   * Waits until it has ended by itself.
   *
   * @throws (rejects) unless it ends well and in time
   */
  async end(millis) {
    const status = await this.#orTimeout(this.#ended, millis, `has not ended within ${millis / 1000} s`);
    if (status !== 0) throw this.failure(`ended with status ${status}`);
    for (const line of this.#stderr) process.stderr.write(`${this.#name}: ${line}\n`);
  }

  /** Waits for something that it has yet to say; rejects when that takes too long. */
  until(isThere, millis, what) {
    const said = new Promise((resolve) => {
      this.onReport(() => {
        if (isThere()) resolve();
      });
    });
    return this.#orTimeout(said, millis, `has no ${what} after ${millis / 1000} s`);
  }

  /** Rejects when it ends, for the time in which it should not. */
  async death() {
    throw this.failure(`ended with status ${await this.#ended}`);
  }

  /** Asks it to end. */
  stop() {
    this.#child.kill('SIGTERM');
  }

  /** Ends it, whatever state it is in; harmless when it has ended. */
  kill() {
    this.#child.kill('SIGKILL');
  }

  /** What to throw when it has not done its work: the problem and, if it said so, why. */
  failure(problem) {
    return new Error(`${this.#name} ${problem}${this.#lastError && `: ${this.#lastError}`}`);
  }

  #takeReport(line) {
    let said;
    try {
      said = JSON.parse(line);
    } catch {
      return;
    }
    if (said.level === 'error') this.#lastError = said.text ?? said.event;
    for (const listener of this.#listeners) listener(said);
  }

  #takeError(line) {
    this.#stderr.push(line);
    this.#lastError = ERROR_LINE.exec(line)?.[1] ?? this.#lastError;
  }

  async #orTimeout(promise, millis, problem) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(this.failure(problem)), millis);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
