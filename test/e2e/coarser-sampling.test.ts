// A heap with too many samples: readings of it would stop the main thread for too long.
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { pprofRaw } from './support/pprof-report.js';
import { startApp } from './support/profiled-app.js';

const OBJECTS = 400_000;
/** A header of three words and four small integers, and a place in an array. */
const OBJECT_BYTES = 8 * 8;

peerTest(
  'the sampler begins anew at a larger interval, and nothing is lost silently',
  ['project-bare', 'go-pprof'],
  async () => {
    const app = startApp({
      app: ['counted-objects.js'],
      env: { HEAPRAY_SAMPLING_INTERVAL: '4096', HEAPRAY_MAX_LIVE_SAMPLES: '1000', OBJECTS: `${OBJECTS}` },
    });
    await app.waitForLog(/^kept$/m);
    const page = await pollUntil(
      async () => {
        const now = await app.metrics();
        return now.sum('heapray_profiler_sampling_interval') > 4096 && now;
      },
      { what: 'a larger interval' },
    );
    expect(page.sum('heapray_profiler_lost_sampler_total')).toBeGreaterThan(0);
    const frozen = page.sum('heapray_profiler_frozen');
    expect(frozen).toBeGreaterThan(1000 * 4096 * 0.8);
    const profile = await pprofRaw(`${await app.debugUrl()}/debug/pprof/heap`);
    expect(profile.period).toBeGreaterThanOrEqual(4 * 4096);
    expect(profile.comments.join('\n')).toMatch(/bytes with the age frozen were in use/);
    const kept = profile.samples.filter(({ stack }) => stack[0] === 'keepTickets');
    const bytes = kept.reduce((total, { values }) => total + (values[3] ?? 0), 0);
    const expected = OBJECTS * OBJECT_BYTES;
    // Two grains of samples; and what is allocated between the last reading and the restart is not seen.
    expect(bytes).toBeGreaterThan(0.75 * expected);
    expect(bytes).toBeLessThan(1.25 * expected);
    expect(kept.some(({ labels }) => labels.age === 'frozen')).toBe(true);
  },
);
