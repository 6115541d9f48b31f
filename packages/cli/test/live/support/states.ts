// States of a program, for tests of the model and the screen.
import { type Profile, ProfileBuilder } from '@heapray/exporter/profile';
import type { LiveState } from '../../../src/live/live-state.js';

export const MIB = 2 ** 20;
/** Time of the first state. */
export const START = 1_700_000_000_000;

/** One function that allocates: its amounts, and optionally its names. */
export interface Site {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly packageName?: string;
  readonly inUse: number;
  readonly objects?: number;
  readonly allocated?: number;
  /** Functions that called it, the nearest first. */
  readonly callers?: readonly string[];
}

export function profileOf(
  sites: readonly Site[],
  { timeNanos = 0n, durationNanos = 0n }: Partial<Pick<Profile, 'timeNanos' | 'durationNanos'>> = {},
): Profile {
  const builder = new ProfileBuilder({
    columns: [
      { type: 'alloc_objects', unit: 'count' },
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    timeNanos,
    durationNanos,
  });
  for (const site of sites) {
    const { name, file = '/srv/app/app.js', line = 1, inUse, objects = 1, allocated = inUse } = site;
    let stack = builder.stack(undefined, builder.frame('main', '/srv/app/main.js', 1, 1));
    for (const caller of (site.callers ?? []).toReversed()) {
      stack = builder.stack(stack, builder.frame(caller, '/srv/app/callers.js', 5, 1));
    }
    const labels = builder.labels(site.packageName === undefined ? {} : { package: site.packageName });
    builder.add(
      builder.stack(stack, builder.frame(name, file, line, 1)),
      [allocated > 0 ? objects : 0, allocated, objects, inUse],
      labels,
    );
  }
  return builder.build();
}

/** Returns a state some seconds after the first one. */
export function stateOf(sites: readonly Site[], seconds = 0, more: Partial<LiveState> = {}): LiveState {
  return {
    atMillis: START + seconds * 1000,
    run: 'first',
    program: 'node server.js',
    pid: 4242,
    startMillis: START - 200_000,
    profile: profileOf(sites),
    residentParts: [],
    facts: [],
    warnings: [],
    ...more,
  };
}
