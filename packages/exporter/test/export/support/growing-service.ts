// Cumulative profiles of a service that allocates, frees, and gets new call sites.
import type { Profile, ProfileBuilder } from '../../../src/profile/index.js';
import { addStack, HEAP_COLUMNS, heapBuilder, type PlainFrame } from '../../profile/arbitrary-profile.js';

export const START = Date.UTC(2026, 10, 23, 12);
/** Age of the service at its first profile, in ms. */
export const AGE = 60_000;

const frame = (name: string): PlainFrame => ({ name, file: `/srv/app/${name}.js`, line: 1, column: 1 });

/** Returns a builder for a profile of the moment `now`, of a process that started at `start`. */
export function builderAt(now: number, start: number = START - AGE): ProfileBuilder {
  return heapBuilder(BigInt(Math.round(now)) * 1_000_000n, BigInt(Math.round(now - start)) * 1_000_000n);
}

/** Returns the profile after `round` rounds, of which each allocates at old and new call sites. */
export function growingProfile(round: number, now: number, start?: number): Profile {
  const builder = builderAt(now, start);
  for (let site = 0; site <= round; site += 1) {
    const stack = addStack(builder, [frame('main'), frame(`site${site % 7}`), frame(`leaf${site}`)]);
    const allocated = (round - site + 1) ** 2 * (site + 3);
    const inUse = (allocated * ((round * 31 + site * 17) % 100)) / 100;
    builder.add(
      stack,
      [allocated, allocated * 129, Math.round(inUse), Math.round(inUse * 129)],
      builder.labels({ kind: 'heap' }),
    );
  }
  return builder.build();
}

/** Returns the sums of columns, by type. */
export function sums(samples: readonly { readonly values: readonly number[] }[]): Record<string, number> {
  const types = HEAP_COLUMNS.map(({ type }) => type);
  return Object.fromEntries(
    types.map((type, column) => [type, samples.reduce((sum, { values }) => sum + values[column]!, 0)]),
  );
}
