import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const STOP_MILLIS = 10_000;

/** A program of the fleet. Once it is kept up, it is started again when it ends, as a supervisor does, until it is stopped. */
export class Child {
  /** Rejects when the program ends before it is kept up; never resolves. */
  failure;
  #name;
  #start;
  #process;
  #ended;
  #isKeptUp = false;
  #isStopping = false;
  #fail;

  constructor(name, command, args, options) {
    this.#name = name;
    this.#start = () => spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Prevent an unhandled rejection: code that awaits `failure` reports it.
    this.failure.catch(() => {});
    this.#ended = this.#run();
  }

  /** Starts the program again from now on when it ends. */
  keepUp() {
    this.#isKeptUp = true;
  }

  /** Ends the program, and waits for its end. */
  async stop() {
    this.#isStopping = true;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MILLIS);
    await this.#ended;
    clearTimeout(timer);
  }

  async #run() {
    for (;;) {
      const how = await this.#runOnce();
      if (this.#isStopping) return;
      if (!this.#isKeptUp) {
        this.#fail(new Error(`${this.#name} cannot run: ended with ${how}`));
        return;
      }
      this.#print(`ended with ${how}, starting it again`);
      await delay(1_000);
      if (this.#isStopping) return;
    }
  }

  /** Runs the program to its end, and returns its status or signal. */
  async #runOnce() {
    this.#process = this.#start();
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#print(line));
    }
    try {
      const [status, signal] = await once(this.#process, 'close');
      return signal ?? `status ${status}`;
    } catch (error) {
      return error.message;
    }
  }

  #print(line) {
    process.stderr.write(`${this.#name}: ${line}\n`);
  }
}
