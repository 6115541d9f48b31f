// Collects profiles of itself, and exports them by an exporter of its own that fails in several ways. Prints what it got.

import { PeriodicExportingProfileReader } from '@heapray/exporter/export';
import { encodePprof } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { HeaprayInstrumentation } from '@heapray/instrumentation';

const exported = [];
const ends = [];
const exporter = {
  export(profiles, resource) {
    exported.push({ samples: profiles[0].sampleCount, service: resource['service.name'] });
    if (exported.length === 1) throw new Error('thrown on purpose');
    if (exported.length === 2) return Promise.reject(new Error('rejected on purpose'));
    return Promise.resolve({ code: 0 });
  },
  async forceFlush() {},
  async shutdown() {
    ends.push('own exporter');
  },
};
const hanging = {
  export: () => new Promise(() => {}),
  forceFlush: () => new Promise(() => {}),
  shutdown: () => new Promise(() => {}),
};
const readerOf = (one) =>
  new PeriodicExportingProfileReader({ exporter: one, exportIntervalMillis: 100, exportTimeoutMillis: 100 });

const kept = [];
function keepSome() {
  for (let i = 0; i < 20_000; i++) kept.push({ i, text: `order ${i}` });
}

const instrumentation = new HeaprayInstrumentation({
  samplingInterval: 4096,
  // Enough for many profiles in a row.
  cpuBudget: 0.5,
  profileReaders: [readerOf(exporter), readerOf(hanging)],
});
keepSome();
const heap = await instrumentation.collectProfile();
const change = instrumentation.collectProfile({ seconds: 1, type: 'allocs' });
// Again and again, because on a busy machine the first poll of the change comes late.
const growing = setInterval(keepSome, 100);
const nine = await Promise.allSettled(Array.from({ length: 9 }, () => instrumentation.collectProfile()));
const growth = await change;
clearInterval(growing);
while (exported.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
await instrumentation.shutdown();
const after = await instrumentation.collectProfile().catch(({ message }) => message);
console.log(
  JSON.stringify({
    names: Array.from({ length: heap.frameCount }, (_, frame) => heap.frame(frame).functionName),
    bytes: totals(heap).inuse_space,
    comments: heap.comments,
    encoded: encodePprof(heap).length,
    grown: totals(growth).inuse_space,
    seconds: Number(growth.durationNanos) / 1e9,
    refused: nine.flatMap(({ reason }) => (reason ? [reason.message] : [])),
    exported: exported.slice(0, 3),
    ends,
    after,
  }),
);
