// Fills the process with memory and reads its mappings as the profiler thread does, which the package does not export.
import { answer, programOptions } from './answer.mjs';
import { liveHeap } from './live-heap.mjs';

const DIST = new URL('../../packages/instrumentation/dist/', import.meta.url);
const built = (file) => import(new URL(file, DIST));
const { gapAfter } = await built('profiler-thread/resident/resident-watch.js');
const { mappingsBySmaps, readOwnMappings } = await built('profiler-thread/resident/own-mappings.js');
const { readMaps } = await built('profiler-thread/resident/memory-mappings.js');
const { residentSplit } = await built('main-thread/metrics/resident-memory.js');

const BUFFER_BYTES = 40_000;
const SPLITS = 200;

const { heapMegabytes, bufferMegabytes, readings } = programOptions();
globalThis.held = [
  liveHeap(heapMegabytes),
  Array.from({ length: (bufferMegabytes * 2 ** 20) / BUFFER_BYTES }, () => Buffer.alloc(BUFFER_BYTES, 1)),
];
let mappings = 0;
readMaps(
  () => mappings++,
  () => 0,
);
readOwnMappings();
const readingMillis = cpuMillis(readOwnMappings, readings);
const smapsMillis = cpuMillis(mappingsBySmaps, Math.ceil(readings / 5));
const mainMillis = cpuMillis(() => residentSplit(), SPLITS);
answer({ mappings, readingMillis, smapsMillis, gapMillis: gapAfter(readingMillis), mainMillis });

/** Returns the mean CPU time of a call in this thread, in ms. */
function cpuMillis(work, times) {
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i++) work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / times;
}
