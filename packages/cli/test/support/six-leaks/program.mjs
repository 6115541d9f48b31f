// Leaks objects of six classes in six ways, and writes a heap snapshot before and after the most of them.
import { EventEmitter } from 'node:events';
import { writeHeapSnapshot } from 'node:v8';
import { addOrder } from 'order-cache';

class Session {
  constructor(number) {
    this.text = `session ${number}`;
  }
}
class Row {
  constructor(number) {
    this.text = `row ${number}`;
  }
}
class Job {
  constructor(number) {
    this.text = `job ${number}`;
  }
}
class Step {
  constructor(number) {
    this.text = `step ${number}`;
  }
}
class FramePool {
  free = [];
  giveBack(frame) {
    this.free.push(frame);
  }
}

class RequestQueue {
  /** This promise is never settled, so all that waits for it stays. */
  #ready = new Promise(() => {});
  #last = this.#ready;
  enqueue(step) {
    this.#last = this.#last.then(() => step.text);
  }
}

const bus = new EventEmitter().setMaxListeners(0);
const handlers = [];
const pool = new FramePool();
const queue = new RequestQueue();

function subscribe(session) {
  bus.on('change', () => session.text);
}
function makeHandler(row) {
  return function handle() {
    return row.text;
  };
}
function schedule(job) {
  setTimeout(() => job.text, 3_600_000).unref();
}

function leak(from, to) {
  for (let number = from; number < to; number++) {
    addOrder(number);
    subscribe(new Session(number));
    handlers.push(makeHandler(new Row(number)));
    schedule(new Job(number));
    queue.enqueue(new Step(number));
    if (number % 10 === 0) pool.giveBack(Buffer.alloc(20_000, 1));
  }
}

const [, , before, after] = process.argv;
leak(0, 100);
// In a callback of a timer, so that the top level of the module is not on the stack.
setTimeout(() => {
  writeHeapSnapshot(before);
  leak(100, 2_100);
  writeHeapSnapshot(after);
}, 1);
