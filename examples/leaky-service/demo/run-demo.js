import { once } from 'node:events';
import fs from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { OrderService } from './order-service.js';
import { COMPONENTS, captureFormat } from './out-folder.js';
import { writePages } from './pages.js';
import { fetchBytes, readingOf } from './profiles.js';
import { summarize } from './summarize.js';

const READINGS = 15;
const PROGRESS_MILLIS = 250;

/**
 * Runs the service under load for a time and leaves its profile, metrics, pages, captures and summary in the
 * folder.
 *
 * @param whileUp called with summary and service before the service is stopped; a signal does not interrupt it
 * @returns the summary, as in `summary.json`
 * @throws (rejects) with one clear line if something fails; then everything that it started has ended
 */
export async function runDemo({ seconds, paths, progress, signal, whileUp }) {
  const service = new OrderService();
  try {
    const measuring = measure({ service, seconds, paths, progress, signal });
    const summary = await Promise.race([measuring, interruption(signal)]);
    await whileUp?.(summary, service);
    await service.stop();
    await checkCaptures(paths, service);
    return summary;
  } finally {
    service.kill();
  }
}

async function measure({ service, seconds, paths, progress, signal }) {
  await service.start(paths.folder, seconds);
  const start = performance.now();
  const [readings] = await Promise.all([
    watch({ service, seconds, progress, signal }),
    service.bearLoad(seconds),
  ]);
  const millis = performance.now() - start;
  progress.end();

  const heap = await fetchBytes(`${service.status.profiles}heap`);
  const metrics = await fetchBytes(service.status.metrics);
  await fs.writeFile(paths.heap, heap);
  await fs.writeFile(paths.metrics, metrics);
  readings.push(readingOf(heap, millis));
  await writePages(readings, paths);

  const { requests } = service.status;
  const summary = summarize({ heap, metrics: `${metrics}`, seconds: millis / 1000, requests, readings });
  await fs.writeFile(paths.summary, `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

/**
 * Reads the heap profile at intervals while the service is under load. A late reading is left out and
 * not made up for, because it would show a later time.
 */
async function watch({ service, seconds, progress, signal }) {
  const readings = [];
  const period = (seconds * 1000) / READINGS;
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  for (let due = period; due <= seconds * 1000; due = period * Math.ceil((elapsed() + 1) / period)) {
    while (elapsed() < due && !signal.aborted) {
      progress.show(progressText(elapsed() / 1000, seconds, service.status));
      await delay(Math.max(1, Math.min(PROGRESS_MILLIS, due - elapsed())));
    }
    readings.push(readingOf(await fetchBytes(`${service.status.profiles}heap`), elapsed()));
  }
  return readings;
}

function progressText(elapsed, seconds, { requests, heapUsed }) {
  return `${elapsed.toFixed(0)} of ${seconds} s, ${requests} requests, heap ${(heapUsed / 2 ** 20).toFixed(0)} MiB`;
}

async function checkCaptures(paths, service) {
  for (const component of COMPONENTS) {
    try {
      await captureFormat(paths.capture(component));
    } catch (error) {
      throw service.failure(`left no capture of ${component} (${error.message})`);
    }
  }
}

/** Rejects when the user interrupts the demo. */
async function interruption(signal) {
  if (!signal.aborted) await once(signal, 'abort');
  throw new Error('interrupted');
}
