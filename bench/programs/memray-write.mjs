// Writes the events of a capture with MemrayWriter repeatedly, on a worker thread, as traced components do.
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { MemrayWriter } from '@heapray/exporter/memray';
import { readRound } from '../memray/capture-round.mjs';
import { EventReplay } from '../memray/event-replay.mjs';
import { answer, programOptions } from './answer.mjs';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: programOptions() });
  worker.once('message', answer);
} else {
  parentPort.postMessage(measure(workerData));
}

function measure({ source, seconds }) {
  const bytes = readFileSync(source);
  const replay = new EventReplay(bytes);
  const sizes = { memray: recordBytes(bytes), heapray: recordBytes(written(replay)) };
  const runs = [];
  // The first run warms up.
  for (let run = 0; run < 6; run++) runs.push(timed(replay, seconds));
  return { events: replay.events, sizes, runs: runs.slice(1) };
}

function timed(replay, seconds) {
  const before = process.threadCpuUsage();
  const start = performance.now();
  let events = 0;
  let bytes = 0;
  while (performance.now() - start < seconds * 1000) {
    const writer = newWriter();
    const stacks = replay.stacksOf(writer);
    for (let round = 0; round < 10; round++) {
      replay.write(writer, stacks);
      bytes += writer.take().length;
      events += replay.events;
    }
  }
  const { user, system } = process.threadCpuUsage(before);
  return { events, bytes, wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

function written(replay) {
  const writer = newWriter();
  replay.write(writer, replay.stacksOf(writer));
  writer.finish(1, 1);
  return writer.take();
}

function newWriter() {
  return new MemrayWriter({ commandLine: 'node app.js', pid: 1, startTimeMillis: 0 });
}

/** Returns the uncompressed bytes of the declarations of functions, and of all other records. */
function recordBytes(capture) {
  const { declarations, records } = readRound(capture);
  return { declarations: declarations.length, records: records.length };
}
