// The entry point of the profiler thread.
import { workerData } from 'node:worker_threads';
import {
  ABANDONED,
  ControlWord,
  type FromProfilerThread,
  type ProfilerThreadOptions,
  WORKING,
} from '../protocol/messages.js';
import { Profiler } from './profiler.js';
import { stayIdle } from './stay-idle.js';

const options = workerData as ProfilerThreadOptions;
const control = new Int32Array(options.control);
// First set `ready`, then read `exit`: a main thread that exits now either waits for this thread or is seen
// to exit.
Atomics.store(control, ControlWord.ready, 1);
Atomics.notify(control, ControlWord.ready);
// If the process is already exiting, do nothing, unless it wants a capture.
const tooLate = Atomics.load(control, ControlWord.exit) !== 0 && options.processCapture === undefined;
if (tooLate) {
  Atomics.store(control, ControlWord.done, 2);
  Atomics.notify(control, ControlWord.done);
  if (Atomics.load(control, ControlWord.exit) === ABANDONED) stayIdle();
} else {
  const say = (message: FromProfilerThread) => options.port.postMessage(message);
  // The main thread reads nothing from these streams, so what is written would pile up.
  for (const stream of [process.stdout, process.stderr]) stream.write = () => true;
  process.on('warning', ({ name, message }) => {
    say({ type: 'log', level: 'debug', text: `profiler thread: ${name}: ${message}` });
  });
  new Profiler(options).start();
  Atomics.store(control, ControlWord.ready, WORKING);
  say({ type: 'begun' });
}
