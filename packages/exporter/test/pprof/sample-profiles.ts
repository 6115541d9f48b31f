// Small profiles with everything that the format can represent of ours.
import type { Profile } from '../../src/profile/index.js';
import { addSamples, heapBuilder, type PlainFrame, type PlainSample } from '../profile/arbitrary-profile.js';

const main: PlainFrame = { name: 'main', file: '/srv/app/server.js', line: 1, column: 1 };
const route: PlainFrame = { name: '', file: '/srv/app/routes.js', line: 12, column: 5 };
const otherRoute: PlainFrame = { name: '', file: '/srv/app/routes.js', line: 12, column: 60 };
const load: PlainFrame = { name: 'load', file: '/srv/app/load.js', line: 3, column: 1 };
const namesake: PlainFrame = { name: 'load', file: '/srv/app/node_modules/lib/load.js', line: 3, column: 1 };

const express = { package: 'express', component: 'web', thread: '0' };

/** Returns the profile of a server after one minute. */
export function firstMinute(): Profile {
  return server(1_700_000_000_123_456_789n, [
    { stack: [main], values: [10, 1000, 1, 100], labels: {} },
    { stack: [main, route, load], values: [40, 4096, 20, 2048], labels: express },
    { stack: [main, otherRoute, namesake], values: [3, 300, 3, 300], labels: { ...express, tid: 0 } },
    { stack: [], values: [0, 0, 1, 65_536], labels: { kind: 'array_buffer' } },
  ]);
}

/** Returns the profile of the same server a minute later: one site grew, one freed memory, one is new. */
export function secondMinute(): Profile {
  return server(1_700_000_060_123_456_789n, [
    { stack: [main], values: [10, 1000, 0, 0], labels: {} },
    { stack: [main, route, load], values: [80, 8192, 60, 6144], labels: express },
    { stack: [main, otherRoute, namesake], values: [3, 300, 3, 300], labels: { ...express, tid: 0 } },
    { stack: [main, load], values: [1, 2 ** 40, 1, 2 ** 40], labels: { thread: 'größer', tid: -7 } },
    { stack: [], values: [0, 0, 1, 65_536], labels: { kind: 'array_buffer' } },
  ]);
}

function server(timeNanos: bigint, samples: readonly PlainSample[]): Profile {
  const builder = addSamples(heapBuilder(timeNanos, 60_000_000_000n), samples);
  builder.comment('mode: binding');
  builder.comment('objects are an estimate');
  return builder.build();
}
