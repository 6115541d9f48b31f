// Leak suspects of an attached process, by readings that the test makes up.
import { expect, test } from 'vitest';
import { windowText } from '../../src/attach/report.js';
import { LeakWindows, SUSPECT_SECONDS, WINDOW_MILLIS } from '../../src/attach/sampling/leak-windows.js';
import { profileOfNodes } from '../../src/attach/sampling/profile-of-nodes.js';
import { bytesByNode, readingOf } from '../../src/attach/sampling/reading.js';
import type { SampledWindow } from '../../src/attach/sampling/sample-window.js';
import { range, SamplingProfiles } from './support/sampling-profiles.js';

const INTERVAL = 1000;
const WINDOWS = SUSPECT_SECONDS / (WINDOW_MILLIS / 1000);
/** Samples that each function takes in a window. */
const EACH = 5;

/** Reads a program for some windows, of which one function leaks, one has turnover, and one fills a cache. */
function judge(windows: number) {
  const profiles = new SamplingProfiles();
  const judged = new LeakWindows(INTERVAL);
  const kept = { leak: [] as number[], session: [] as number[], cache: [] as number[] };
  let ordinal = 0;
  const take = () => range(1, EACH).map(() => ++ordinal);
  let reading = readingOf(profiles.profile([]));
  for (let window = 0; window <= windows; window++) {
    if (window > 0) {
      kept.leak.push(...take());
      kept.session = [...kept.session, ...take()].slice(-3 * EACH);
      if (window <= 6) kept.cache.push(...take());
    }
    reading = readingOf(
      profiles.profile([
        {
          frames: ['main', 'leak file:///srv/app/leak.js', 'push node:internal'],
          size: INTERVAL,
          ordinals: kept.leak,
        },
        { frames: ['main', 'session'], size: INTERVAL, ordinals: kept.session },
        { frames: ['main', 'cache'], size: INTERVAL, ordinals: kept.cache },
      ]),
    );
    judged.add(reading, 1_000 + window * WINDOW_MILLIS);
  }
  return { reading, judgement: judged.judgement };
}

test('suspects the function that leaks, and neither turnover nor a cache that is full', () => {
  const { suspects, windows, neededWindows } = judge(WINDOWS - 1).judgement;
  expect(suspects).toMatchObject([
    { name: 'leak', file: '/srv/app/leak.js', bytesPerSecond: (EACH * INTERVAL) / (WINDOW_MILLIS / 1000) },
  ]);
  expect(windows).toBeGreaterThanOrEqual(neededWindows);
  expect(judge(neededWindows).judgement.suspects).toHaveLength(1);
});

test('suspects nothing after fewer windows', () => {
  const { suspects, windows, neededWindows } = judge(8).judgement;
  expect({ suspects, isEnough: windows >= neededWindows }).toEqual({ suspects: [], isEnough: false });
});

function textOf(change: Partial<SampledWindow>): string {
  const { reading } = judge(1);
  const column = { type: 'inuse_space', unit: 'bytes', values: bytesByNode(reading.samples) };
  const base = { atMillis: 0, durationMillis: 0, interval: INTERVAL, program: '', comments: [] };
  const window: SampledWindow = {
    kind: 'with collections',
    seconds: 30,
    interval: INTERVAL,
    profile: profileOfNodes({ ...base, nodes: reading.nodes, columns: [column] }),
    growth: [],
    leaks: undefined,
    allocated: 1,
    freedShown: undefined,
    pauseMillis: 1,
    hasExited: false,
    capture: () => new Uint8Array(),
    ...change,
  };
  return [...windowText({ pid: 1, command: 'node', nodeVersion: '24' }, window, 5)].join('');
}

test('says from which time on suspects can be told, and names them', () => {
  expect(textOf({})).toContain(`not in 30 s; --seconds ${SUSPECT_SECONDS} or more`);
  expect(textOf({ kind: 'others' })).not.toContain('Leak suspects');
  expect(textOf({ leaks: judge(8).judgement })).toMatch(
    /Leak suspects: not after \d+ windows of 20 s or more; 13 are needed/,
  );
  expect(textOf({ leaks: { suspects: [], windows: 12, neededWindows: 12 } })).toContain(
    'Leak suspects: none in 12 windows of 20 s.',
  );
  expect(textOf({ leaks: judge(WINDOWS - 1).judgement })).toMatch(
    /Leak suspects, by the rules of heapray:\n {2}leak \(.*leak\.js:\d+:\d+\): holds [\d.]+ KiB, grows 14\.6 KiB\/min, \d+ of \d+ windows\n/,
  );
});
