// The leaky service with two worker threads, which inherit the preloads of the main thread.
import { once } from 'node:events';
import { isMainThread, parentPort, threadId, Worker } from 'node:worker_threads';

if (isMainThread) {
  for (let i = 0; i < 2; i++) {
    const worker = new Worker(new URL(import.meta.url));
    const [message] = await once(worker, 'message');
    console.log(message);
  }
  await import('./leaky-service.js');
} else {
  parentPort.postMessage(`worker ${threadId}: ${process.execArgv.join(' ')}`);
  setInterval(() => {}, 60_000);
}
