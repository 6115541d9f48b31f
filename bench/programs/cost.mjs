// Runs turns of a workload, one each `everyMillis` as a service does, and returns the CPU time of the whole process, V8's threads
// included, for each of some times. It also returns heapray's own figure for the same times.
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

const { workload, mode, everyMillis, times, options } = programOptions();
const reader = new OnRequest();
const profiling = await startProfiling(mode, options);
profiling?.setMeterProvider(new MeterProvider({ readers: [reader] }));
const chunk = workload === 'idle' ? () => {} : WORKLOADS[workload]();
const measured = [];
let at = 0;
for (const { fromMillis, toMillis } of times) {
  await work((fromMillis - at) / everyMillis);
  measured.push(await measure((toMillis - fromMillis) / everyMillis));
  at = toMillis;
}
answer({ measured });

async function measure(turns) {
  const saidBefore = await saidMillis();
  const before = process.cpuUsage();
  const start = performance.now();
  await work(turns);
  const { user, system } = process.cpuUsage(before);
  const wallMillis = performance.now() - start;
  const cpuMillis = (user + system) / 1000;
  return { cpuMillis, wallMillis, turns, saidMillis: (await saidMillis()) - saidBefore };
}

/** Runs the turns as a late timer does: missed turns are not made up for. */
async function work(turns) {
  for (let done = 0; done < turns; done++) {
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
