import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Matches the line of a crash that has the error's message. */
const ERROR_LINE = /^(\w*Error\b.*)/;

/** A Node process that reports in lines of JSON on its stdout. */
export class ReportingProcess {
  #name;
  #child;
  #ended;
  #listeners = new Set();
  #stderr = [];
  /** The last error line that it printed. */
  #lastError = '';

  /** @param name the process's name in messages */
  constructor(name, args, env = process.env) {
    this.#name = name;
    this.#child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#takeReport(line));
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#takeError(line));
    this.#ended = once(this.#child, 'close').then(([code, signal]) => code ?? signal);
    // Every method that waits for the end reports its failure.
    this.#ended.catch(() => {});
  }

  /** Calls the listener for every report from now on. */
  onReport(listener) {
    this.#listeners.add(listener);
  }

  /**
   * Waits until it has ended by itself.
   *
   * @throws (rejects) unless it ends successfully and in time
   */
  async end(millis) {
    const status = await this.#orTimeout(this.#ended, millis, `has not ended within ${millis / 1000} s`);
    if (status !== 0) throw this.failure(`ended with status ${status}`);
    for (const line of this.#stderr) process.stderr.write(`${this.#name}: ${line}\n`);
  }

  /** Waits for a report that fulfils the condition; rejects when that takes too long. */
  until(isThere, millis, what) {
    const said = new Promise((resolve) => {
      this.onReport(() => {
        if (isThere()) resolve();
      });
    });
    return this.#orTimeout(said, millis, `has no ${what} after ${millis / 1000} s`);
  }

  /** Rejects when it ends, for a time in which it must not end. */
  async death() {
    throw this.failure(`ended with status ${await this.#ended}`);
  }

  /** Asks it to end. */
  stop() {
    this.#child.kill('SIGTERM');
  }

  /** Kills it; harmless if it has ended. */
  kill() {
    this.#child.kill('SIGKILL');
  }

  /** Returns the error for a failed process: the problem and, if known, the reason that it printed. */
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
