// The entry point of the profiler thread.
import { workerData } from 'node:worker_threads';
import { Agent } from './agent.js';
import { type AgentOptions, ControlWord } from './messages.js';

const options = workerData as AgentOptions;
const control = new Int32Array(options.control);
// A process that is already exiting gets no more attention, unless it wants a capture.
const tooLate = Atomics.load(control, ControlWord.exit) !== 0 && options.processCapture === undefined;
if (!tooLate) {
  new Agent(options).start();
  Atomics.store(control, ControlWord.ready, 1);
}
