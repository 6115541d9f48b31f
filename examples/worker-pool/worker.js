import { parentPort } from 'node:worker_threads';

// Renders a report: strings that only this thread has, and bytes that move to the main thread.
parentPort.on('message', ({ id }) => {
  const lines = Array.from({ length: 5_000 }, (_, line) => `line ${line} of report ${id}`);
  const bytes = new TextEncoder().encode(lines.join('\n'));
  parentPort.postMessage({ id, bytes }, [bytes.buffer]);
});
