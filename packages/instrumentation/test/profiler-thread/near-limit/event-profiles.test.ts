import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CaptureEvent, EventProfiles } from '../../../src/profiler-thread/near-limit/event-profiles.js';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

function newProfiles(events: readonly CaptureEvent[], problem?: Error) {
  const texts: string[] = [];
  const logged: string[] = [];
  const stats = new ProfilerStats();
  const profiles = new EventProfiles({
    events,
    make: async (heading) => ({ pprof: Buffer.from(''), text: heading.join('\n') }),
    describe: () => ['process 7 (shop)'],
    filesOf: (event) => ({
      add({ text }) {
        if (problem) throw problem;
        texts.push(text);
        return `/home/shop_${event}.pb.gz`;
      },
      prune: () => [],
    }),
    stats,
    log: (level, text) => logged.push(`${level}: ${text}`),
  });
  return { profiles, texts, logged, stats };
}

test('writes nothing when the event is not asked for', async () => {
  const { profiles, texts } = newProfiles(['limit']);
  await profiles.happened('leak', 'leak suspected: addOrder');
  expect(texts).toEqual([]);
});

test('writes one profile in ten minutes for each event, and logs where', async () => {
  const { profiles, texts, logged } = newProfiles(['leak', 'limit']);
  for (let i = 0; i < 3; i++) await profiles.happened('leak', 'leak suspected: addOrder');
  await profiles.happened('limit', 'memory limit near');
  expect(texts).toHaveLength(2);
  expect(logged[0]).toBe('info: profile written to /home/shop_leak.pb.gz: leak suspected: addOrder');
  vi.advanceTimersByTime(601_000);
  await profiles.happened('leak', 'leak suspected: addItem');
  expect(texts[2]).toContain('addItem');
});

test('counts and logs a profile that cannot be written', async () => {
  const { profiles, logged, stats } = newProfiles(['leak'], new Error('no space left on device'));
  await profiles.happened('leak', 'leak suspected: addOrder');
  expect(stats.drops).toEqual({ event_profile: 1 });
  expect(logged).toEqual([expect.stringMatching(/^error: .*no space left on device$/)]);
});
