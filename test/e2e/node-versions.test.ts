// `node --import @heapray/instrumentation/register` on every supported Node, with the packed packages as the project's only
// dependencies, with and without the optional native sampler.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { NODE_VERSIONS, type NodeLine } from '../support/peers.js';
import type { MetricsPage } from './support/metrics-page.js';
import { columnSum, pprofRaw } from './support/pprof-report.js';
import { startApp } from './support/profiled-app.js';

const METRICS = [
  'heapray_memory_allocated_total',
  'heapray_memory_retained',
  'heapray_memory_resident',
  'heapray_memory_limit',
  'heapray_profiler_status',
  'heapray_profiler_samples_total',
  'heapray_profiler_polls_total',
  'heapray_profiler_poll_duration_count',
  'heapray_profiler_unobserved_samples_total',
  'heapray_profiler_drops_total',
  'heapray_profiler_lost_sampler_total',
  'heapray_profiler_cpu_total',
  'heapray_profiler_memory',
];
const LEAK = { code_function_name: 'rememberOrder', heapray_package_name: 'order-cache' };
const UNOBSERVED = { code_function_name: '(unobserved)' };
const FORCED_GC_WARNING = /polls force a garbage collection/g;

const hasNativeApi = (line: NodeLine) => line === '26';
const leaks = (page: MetricsPage) => page.sum('heapray_memory_retained', LEAK) > 0;
const modesOf = (page: MetricsPage) => page.active('heapray_profiler_status', 'heapray_profiler_mode');

/** Returns the CPU time of a process with all its threads, in s. */
function cpuSecondsOf(pid: number): number {
  const [, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.join(') ').split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

for (const line of NODE_VERSIONS) {
  const peers = [`node-${line}`, 'go-pprof'] as const;

  peerTest(
    `Node ${line}: metrics and profiles, read without forced collections`,
    [...peers, 'project-bare'],
    async () => {
      const service = startApp({
        line,
        app: ['leaky-service.js'],
        env: { HEAPRAY_SAMPLING_INTERVAL: '65536' },
      });
      const page = await service.waitForMetrics('the leak, and every metric', (shown) => {
        return leaks(shown) && METRICS.every((name) => shown.find(name).length > 0);
      });
      for (const name of METRICS) expect(page.find(name), name).not.toEqual([]);
      expect(modesOf(page)).toEqual([hasNativeApi(line) ? 'native-api' : 'binding']);
      // The metric cannot exceed the CPU time of the process.
      const cpuSeconds = page.sum('heapray_profiler_cpu_total');
      expect(cpuSeconds).toBeGreaterThan(page.sum('heapray_profiler_poll_duration_sum'));
      expect(cpuSeconds).toBeLessThan(cpuSecondsOf(service.process.pid));
      const profile = await pprofRaw(`${await service.debugUrl()}/debug/pprof/heap`);
      expect(profile.period).toBe(65536);
      expect(profile.samples.map(({ stack }) => stack[0])).toContain('rememberOrder');
      expect(service.process.stderr).not.toMatch(/warn|error/);
    },
  );

  peerTest(`Node ${line} without @datadog/pprof`, [...peers, 'project-bare-reduced'], async () => {
    const service = startApp({ line, app: ['leaky-service.js'], omitOptional: true });
    const page = await service.waitForMetrics('the leak, and who is not known to allocate', (shown) => {
      return (
        leaks(shown) && (hasNativeApi(line) || shown.sum('heapray_memory_allocated_total', UNOBSERVED) > 0)
      );
    });
    if (!hasNativeApi(line)) await service.waitForLog(new RegExp(FORCED_GC_WARNING, ''));
    const profile = await pprofRaw(`${await service.debugUrl()}/debug/pprof/heap`);
    const modes = modesOf(page);
    const warnings = service.process.stderr.match(FORCED_GC_WARNING) ?? [];
    expect(columnSum(profile, 'inuse_space')).toBeGreaterThan(0);
    if (hasNativeApi(line)) {
      expect({ modes, warnings }).toEqual({ modes: ['native-api'], warnings: [] });
      return;
    }
    expect({ modes, warnings: warnings.length }).toEqual({ modes: ['inspector'], warnings: 1 });
    expect(page.sum('heapray_memory_allocated_total', LEAK)).toBe(0);
    expect(page.sum('heapray_memory_allocated_total', UNOBSERVED)).toBeGreaterThan(0);
    expect(profile.comments.join('\n')).toContain('allocation by call site is not known');
  });
}
