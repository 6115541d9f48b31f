// Tests who is charged for objects that live and die between two polls, under conditions that make them hard to observe.
import { describe, expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { pprofRaw, type RawProfile } from './support/pprof-report.js';
import { startApp } from './support/profiled-app.js';

const TRUE_SHARE = 75;
const ENV = { HEAPRAY_SAMPLING_INTERVAL: '16384', HEAPRAY_CPU_BUDGET: '0.5' };

/** Waits between two profiles, because each profile ends the pending pair. */
const PATIENT = { what: 'enough evidence', everyMillis: 1_500 };
/** Largest stated error that ends the wait, in points. An estimate without polls between collections would be 25 points off. */
const EVIDENCE_POINTS = 3;
const ENOUGH_PAIRS = 20;

const CONDITIONS = [
  { what: 'by default', nodeArgs: [], mode: 'turns' },
  // `slowly`: a pair of polls takes some milliseconds, and no collection may happen in that time.
  { what: 'with a small young generation', nodeArgs: ['--max-semi-space-size=1'], mode: 'slowly' },
  { what: 'with a large young generation', nodeArgs: ['--max-semi-space-size=64'], mode: 'turns' },
  { what: 'with collections on the main thread alone', nodeArgs: ['--single-threaded-gc'], mode: 'turns' },
  { what: 'in a loop that never ends', nodeArgs: [], mode: 'loop' },
];

describe('allocation by function is as accurate as the profile states', () => {
  for (const { what, nodeArgs, mode } of CONDITIONS) {
    peerTest(what, ['project-bare', 'go-pprof'], async () => {
      const app = startApp({ app: ['known-shares.js', mode], nodeArgs, env: ENV });
      const heap = `${await app.debugUrl()}/debug/pprof/allocs`;
      // The profiler may be up before the app listens to the signal.
      await app.waitForLog(/^ready$/m);
      if (mode === 'loop') process.kill(app.process.pid, 'SIGUSR2');
      const profile = await pollUntil(async () => {
        const made = await pprofRaw(heap);
        const { pairs, points } = evidence(made);
        // All bytes are unobserved until there are complete pairs; a small young generation needs some tries.
        const isObserved = allocatedBy(made, '(unobserved)') < 0.5 * totalOf(made);
        return pairs >= ENOUGH_PAIRS && points <= EVIDENCE_POINTS && isObserved && made;
      }, PATIENT);
      const bytes = (name: string) => allocatedBy(profile, name);
      const share = (100 * bytes('threeParts')) / (bytes('threeParts') + bytes('onePart'));
      const { points } = evidence(profile);
      // Tolerance: four standard errors as the profile states them, and two points for the error of seen samples.
      expect(Math.abs(share - TRUE_SHARE)).toBeLessThan(4 * points + 2);
      const known = bytes('threeParts') + bytes('onePart') + bytes('(unobserved)');
      expect(known).toBeGreaterThan(0.8 * totalOf(profile));
    });
  }
});

function totalOf({ samples }: RawProfile): number {
  return samples.reduce((sum, { values }) => sum + (values[1] ?? 0), 0);
}

/** Returns the number of pairs and the error in the profile's comments. */
function evidence({ comments }: RawProfile): { readonly pairs: number; readonly points: number } {
  const text = comments.join('\n');
  return {
    pairs: Number(/short-lived samples in (\d+) pairs/.exec(text)?.[1] ?? 0),
    points: Number(/at most ([\d.]+) points/.exec(text)?.[1] ?? Number.NaN),
  };
}

/** Returns bytes allocated by a function, with the functions of the runtime that it calls. */
function allocatedBy({ samples }: RawProfile, name: string): number {
  return samples
    .filter(({ stack }) => stack.includes(name))
    .reduce((sum, { values }) => sum + (values[1] ?? 0), 0);
}
