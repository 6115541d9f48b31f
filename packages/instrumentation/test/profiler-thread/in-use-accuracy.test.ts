// Bytes in use of a real process, without a forced collection, against what its functions are known to keep.
import { decodePprof } from '@heapray/exporter/pprof';
import { expect } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { peerTest } from '../../../../test/support/peer-test.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { startProcess } from '../../../../test/support/start-node.js';
import { median } from '../../src/profiler-thread/leaks/trend.js';
import { programCommand } from '../support/profiled-program.js';

const MIB = 2 ** 20;
const INTERVAL = 16_384;
/** Bytes that the functions of `keeping.mjs` keep, and the largest bias of the estimate, as a share of that. */
const SITES = {
  keepLarge: { kept: 24 * MIB, bias: 0.15 },
  keepMiddle: { kept: 12 * MIB, bias: 0.15 },
  keepSmall: { kept: 6 * MIB, bias: 0.15 },
  // Objects that die between two major collections are estimated from how long others of the call site lived.
  keepForAWhile: { kept: 8 * MIB, bias: 0.6 },
} as const;
const NAMES: readonly string[] = [...Object.keys(SITES), 'drop'];
const ALL_KEPT = sum(Object.values(SITES).map(({ kept }) => kept));
const TOTAL_BIAS = 0.1;
/** Largest part of all that is kept that may be shown as kept by a function that keeps nothing. */
const LARGEST_GARBAGE_SHARE = 0.05;
/** Readings are taken when polls show as much garbage as this, so that the bytes shown are out of all tolerances. */
const LEAST_GARBAGE = 10 * MIB;
const READINGS = 5;
/** Number of major collections between the start and the first reading. */
const MAJORS = 2;
peerTest(
  'bytes in use without a forced collection are as accurate as the docs state',
  'node-24',
  async () => {
    const { readings, log } = await readInUse();
    const facts = `${JSON.stringify(readings)}\n${log}`;
    // An estimate is sometimes far off until the next major collection.
    const errorOf = (names: readonly string[], kept: number) =>
      Math.abs(median(readings.map((inUse) => sum(names.map((name) => inUse[name] ?? 0)))) - kept);
    expect(tolerance(ALL_KEPT, TOTAL_BIAS)).toBeLessThan(LEAST_GARBAGE);
    expect(errorOf(NAMES, ALL_KEPT), facts).toBeLessThan(tolerance(ALL_KEPT, TOTAL_BIAS));
    expect(errorOf(['drop'], 0), facts).toBeLessThan(LARGEST_GARBAGE_SHARE * ALL_KEPT);
    for (const [name, { kept, bias }] of Object.entries(SITES))
      expect(errorOf([name], kept), `${name}: ${facts}`).toBeLessThan(tolerance(kept, bias));
  },
);

/**
 * Runs the program. Returns what each function has in use, at several moments with much garbage and a major collection between
 * each two, and what heapray has logged.
 */
async function readInUse(): Promise<{ readings: Record<string, number>[]; log: string }> {
  // Four times the samples of the default interval, and four times the default budget: else polls become rarer.
  const env = { HEAPRAY_SAMPLING_INTERVAL: String(INTERVAL), HEAPRAY_CPU_BUDGET: '0.02' };
  // With a smaller limit of the heap, V8 collects more often.
  const nodeArgs = ['--max-old-space-size=192'];
  const { command, args, options } = programCommand({ program: ['keeping.mjs'], line: '24', env, nodeArgs });
  const program = startProcess(command, { args, ...options });
  const urlOf = async (what: string) =>
    (await program.waitForOutput(new RegExp(`${what} on (http://[\\w.:]+)/`)))[1] ?? '';
  const [profiles, metrics] = [await urlOf('memory profiles'), await urlOf('metrics')];
  const readings: Record<string, number>[] = [];
  const majorsOf = (page: string) => metric(page, 'heapray_profiler_major_collections_total');
  await program.waitForOutput(/ready/);
  // Only a major collection shows that objects made at the start are kept.
  const atStart = async () => {
    const count = majorsOf((await httpGet(`${metrics}/metrics`)).body);
    return Number.isNaN(count) ? undefined : { count };
  };
  const { count } = await pollUntil(atStart, { what: 'a metrics page of the profiler thread' });
  let lastPoll = 0;
  let majors = count + MAJORS;
  while (readings.length < READINGS) {
    const isDue = async () => {
      const { body } = await httpGet(`${metrics}/metrics`);
      const polls = metric(body, 'heapray_profiler_polls_total');
      const hasGarbage = metric(body, 'heapray_memory_uncollected') >= LEAST_GARBAGE;
      const isKnown = majorsOf(body) >= majors;
      return polls > lastPoll && hasGarbage && isKnown && { polls, majors: majorsOf(body) };
    };
    const due = await pollUntil(isDue, { what: 'a poll that shows garbage, after some major collections' });
    lastPoll = due.polls;
    majors = due.majors + 1;
    const { status, bytes } = await httpGet(`${profiles}/debug/pprof/heap`);
    if (status === 200) readings.push(inUseByFunction(bytes));
  }
  await program.kill();
  return { readings, log: program.stderr };
}

/** Returns four standard errors of an estimate from samples, plus a bias. */
function tolerance(bytes: number, bias: number): number {
  return 4 * Math.sqrt(INTERVAL * bytes) + bias * bytes;
}

/** Returns the value of a metric on a Prometheus page; NaN if it is absent. */
function metric(page: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'm').exec(page)?.[1]);
}

function inUseByFunction(pprof: Uint8Array): Record<string, number> {
  const profile = decodePprof(pprof);
  const column = profile.columns.findIndex(({ type }) => type === 'inuse_space');
  const bytes: Record<string, number> = {};
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const names = [...profile.frames(profile.stackOf(sample))].map(({ functionName }) => functionName);
    const name = names.find((each) => NAMES.includes(each)) ?? 'others';
    bytes[name] = (bytes[name] ?? 0) + profile.value(sample, column);
  }
  return bytes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
