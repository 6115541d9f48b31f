// A heap with enough samples that polls would stop the main thread for too long.
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { pprofRaw } from './support/pprof-report.js';
import { startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

/** Number of objects before the restart of the sampler, and again after it. */
const OBJECTS = 200_000;
/** Size of an object: a header of three words, four integers, and two words of allocation sites (unoptimized code). */
const OBJECT_BYTES = 9 * 8;
const INTERVAL = 4096;
/** Fewer than the samples of the first objects, more than those of the later ones: exactly one restart follows. */
const MAX_LIVE_SAMPLES = 2000;
/** The interval after the restart. */
const COARSER = 4 * INTERVAL;
/** No optimization: an optimizing compiler merges allocations and inlines functions into their callers. */
const NODE_ARGS = ['--no-opt', '--no-maglev'];

peerTest(
  'the sampler restarts at a larger interval, and all losses are counted',
  ['project-bare', 'go-pprof'],
  async () => {
    const app = startApp({
      app: ['counted-objects.js'],
      nodeArgs: NODE_ARGS,
      env: {
        HEAPRAY_SAMPLING_INTERVAL: `${INTERVAL}`,
        HEAPRAY_MAX_LIVE_SAMPLES: `${MAX_LIVE_SAMPLES}`,
        OBJECTS: `${OBJECTS}`,
        // Allocate in one turn, because samples between the last poll and the restart are lost, and the restart is between turns.
        PER_TURN: `${OBJECTS}`,
      },
    });
    await app.waitForLog(/^kept$/m);
    const page = await pollUntil(
      async () => {
        const now = await app.metrics();
        return now.sum('heapray_profiler_sampling_interval') > INTERVAL && now;
      },
      { what: 'a larger interval' },
    );
    process.kill(app.process.pid, 'SIGUSR2');
    await app.waitForLog(/^kept again$/m);
    const lost = page.sum('heapray_profiler_lost_sampler_total', { heapray_reason: 'coarsened' });
    expect(lost).toBeGreaterThan(0);
    expect(page.sum('heapray_profiler_lost_sampler_total')).toBe(lost);
    const carriedOver = page.sum('heapray_memory_carried_over');
    expect(carriedOver).toBeGreaterThan(MAX_LIVE_SAMPLES * INTERVAL * 0.8);
    const profile = await pprofRaw(`${await app.debugUrl()}/debug/pprof/heap`);
    expect(profile.period).toBe(COARSER);
    expect(profile.comments.join('\n')).toMatch(/bytes of unknown age are what is likely to be left/);
    const kept = profile.samples.filter(({ stack }) => stack[0] === 'keepTickets');
    const bytes = kept.reduce((total, { values }) => total + (values[3] ?? 0), 0);
    const expected = 2 * OBJECTS * OBJECT_BYTES;
    expect(Math.abs(bytes - expected)).toBeLessThan(samplingMargin(COARSER, expected));
    expect(kept.some(({ labels }) => labels.age === 'unknown')).toBe(true);
  },
);
