// Does a fixed number of turns of a workload, one every so many ms as a service does, and says what CPU time the whole
// process took: every thread of it, V8's included. Beside that, what heapray says of itself for the same time.
import { setTimeout as sleep } from 'node:timers/promises';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { WORKLOADS } from '../workloads/index.mjs';
import { answer, programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';

/** Is read twice in a run, outside of the time that is measured. */
class OnRequest extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const { workload, mode, everyMillis, warmUpMillis, millis } = programOptions();
const reader = new OnRequest();
const profiling = await startProfiling(mode);
profiling?.setMeterProvider(new MeterProvider({ readers: [reader] }));
const chunk = workload === 'idle' ? () => {} : WORKLOADS[workload]();
await work(warmUpMillis / everyMillis);
const saidBefore = await saidMillis();
const before = process.cpuUsage();
const start = performance.now();
await work(millis / everyMillis);
const { user, system } = process.cpuUsage(before);
const wallMillis = performance.now() - start;
answer({ cpuMillis: (user + system) / 1000, wallMillis, saidMillis: (await saidMillis()) - saidBefore });

/** As a timer that comes late does: turns that were missed are not made up for. */
async function work(times) {
  for (let done = 0; done < times; done++) {
    await sleep(everyMillis);
    chunk();
  }
}

/** CPU time of profiling since the start, as heapray's metric says; 0 without it. */
async function saidMillis() {
  if (!profiling) return 0;
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const cpu = metrics.find(({ descriptor }) => descriptor.name === 'heapray.profiler.cpu');
  return 1000 * cpu.dataPoints[0].value;
}
