import { Worker } from 'node:worker_threads';

/** Runs tasks on worker threads, at most one on each. */
export class Pool {
  #idle;
  #waiting = [];

  constructor(script, size) {
    this.#idle = Array.from({ length: size }, () => new Worker(script));
  }

  /** Returns the answer of the worker that did the task. */
  run(task) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#next();
    });
  }

  #next() {
    if (this.#waiting.length === 0 || this.#idle.length === 0) return;
    const worker = this.#idle.pop();
    const { task, resolve, reject } = this.#waiting.shift();
    const finish = (settle) => (value) => {
      for (const event of ['message', 'error']) worker.removeAllListeners(event);
      this.#idle.push(worker);
      settle(value);
      this.#next();
    };
    worker.once('message', finish(resolve));
    worker.once('error', finish(reject));
    worker.postMessage(task);
  }
}
