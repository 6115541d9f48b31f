// Who allocates what is born and dies between two readings, under the conditions that make that hard to see.
import { describe, expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { pprofRaw, type RawProfile } from './support/pprof-report.js';
import { startApp } from './support/profiled-app.js';

const TRUE_SHARE = 75;
const ENV = { HEAPRAY_SAMPLING_INTERVAL: '16384', HEAPRAY_CPU_BUDGET: '0.5' };

/** Each profile ends the pair that is under way, so not too many of them. */
const PATIENT = { what: '40 pairs', everyMillis: 3_000, timeoutMillis: 100_000 };

const CONDITIONS = [
  { what: 'by default', nodeArgs: [], mode: 'turns' },
  // Slowly: readings take a millisecond or more, and in that time there must not be a collection.
  { what: 'with a small young generation', nodeArgs: ['--max-semi-space-size=1'], mode: 'slowly' },
  { what: 'with a large young generation', nodeArgs: ['--max-semi-space-size=64'], mode: 'turns' },
  { what: 'with collections on the main thread alone', nodeArgs: ['--single-threaded-gc'], mode: 'turns' },
  { what: 'in a loop that never ends', nodeArgs: [], mode: 'loop' },
];

describe('allocation by function is as right as the profile says', () => {
  for (const { what, nodeArgs, mode } of CONDITIONS) {
    peerTest(what, ['project-bare', 'go-pprof'], async () => {
      const app = startApp({ app: ['known-shares.js', mode], nodeArgs, env: ENV });
      const heap = `${await app.debugUrl()}/debug/pprof/allocs`;
      const profile = await pollUntil(async () => {
        const made = await pprofRaw(heap);
        return evidence(made).pairs >= 40 ? made : undefined;
      }, PATIENT);
      const bytes = (name: string) => allocatedBy(profile, name);
      const share = (100 * bytes('threeParts')) / (bytes('threeParts') + bytes('onePart'));
      const { points } = evidence(profile);
      expect(points).toBeLessThan(4);
      // Four standard errors as the profile states them, and two points for what is seen through samples.
      expect(Math.abs(share - TRUE_SHARE)).toBeLessThan(4 * points + 2);
      const total = profile.samples.reduce((sum, { values }) => sum + (values[1] ?? 0), 0);
      // Until there are whole pairs nobody is charged; a small young generation needs some tries.
      const unobserved = bytes('(unobserved)');
      expect(unobserved).toBeLessThan(0.5 * total);
      expect(bytes('threeParts') + bytes('onePart') + unobserved).toBeGreaterThan(0.8 * total);
    });
  }
});

/** What the profile says of itself. */
function evidence({ comments }: RawProfile): { readonly pairs: number; readonly points: number } {
  const text = comments.join('\n');
  return {
    pairs: Number(/early deaths in (\d+) pairs/.exec(text)?.[1] ?? 0),
    points: Number(/at most ([\d.]+) points/.exec(text)?.[1] ?? Number.NaN),
  };
}

/** Bytes allocated by a function, whatever of the runtime it calls for that. */
function allocatedBy({ samples }: RawProfile, name: string): number {
  return samples
    .filter(({ stack }) => stack.includes(name))
    .reduce((sum, { values }) => sum + (values[1] ?? 0), 0);
}
