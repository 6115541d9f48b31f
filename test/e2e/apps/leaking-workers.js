// Four worker threads, each of which leaks through a function of its own; one has neither preloads nor an environment. The
// main thread keeps nothing. Ends by `process.exit` while they run, when it gets SIGUSR2.
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const kept = [];
const LEAKS = {
  alpha: function leakAlpha() {
    for (let i = 0; i < 400; i++) kept.push({ alpha: i, text: `alpha ${i}` });
  },
  beta: function leakBeta() {
    for (let i = 0; i < 400; i++) kept.push({ beta: i, text: `beta ${i}` });
  },
  gamma: function leakGamma() {
    for (let i = 0; i < 400; i++) kept.push({ gamma: i, text: `gamma ${i}` });
  },
  delta: function leakDelta() {
    for (let i = 0; i < 400; i++) kept.push({ delta: i, text: `delta ${i}` });
  },
};

if (isMainThread) {
  for (const name of Object.keys(LEAKS)) {
    const isolated = name === 'delta' ? { env: {}, execArgv: [] } : {};
    new Worker(new URL(import.meta.url), { name, workerData: name, ...isolated });
  }
  process.on('SIGUSR2', () => process.exit(0));
} else {
  setInterval(LEAKS[workerData], 100);
  // A minute of an ordinary service is a second here.
  setInterval(() => globalThis.gc(), 450);
}
