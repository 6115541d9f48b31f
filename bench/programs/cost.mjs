// Runs a fixed number of turns of a workload, one each `everyMillis` as a service does, and returns the CPU time of the whole
// process, V8's threads included. It also returns heapray's own figure for the same time.
import { setTimeout as sleep } from 'node:timers/promises';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { WORKLOADS } from '../workloads/index.mjs';
import { answer, programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';

/** A reader that collects on request: twice in a run, outside of the measured time. */
class OnRequest extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const { workload, mode, everyMillis, warmUpMillis, millis, options } = programOptions();
const reader = new OnRequest();
const profiling = await startProfiling(mode, options);
profiling?.setMeterProvider(new MeterProvider({ readers: [reader] }));
const chunk = workload === 'idle' ? () => {} : WORKLOADS[workload]();
await work(warmUpMillis / everyMillis);
const saidBefore = await saidMillis();
const before = process.cpuUsage();
const start = performance.now();
await work(millis / everyMillis);
const { user, system } = process.cpuUsage(before);
const wallMillis = performance.now() - start;
const turns = millis / everyMillis;
answer({
  cpuMillis: (user + system) / 1000,
  wallMillis,
  turns,
  saidMillis: (await saidMillis()) - saidBefore,
});

/** Runs the turns as a late timer does: missed turns are not made up for. */
async function work(times) {
  for (let done = 0; done < times; done++) {
    await sleep(everyMillis);
    chunk();
  }
}

/** Returns the CPU time of profiling since the start by heapray's own metric, in ms; 0 without heapray. */
async function saidMillis() {
  if (!profiling) return 0;
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const cpu = metrics.find(({ descriptor }) => descriptor.name === 'heapray.profiler.cpu');
  return 1000 * cpu.dataPoints[0].value;
}
