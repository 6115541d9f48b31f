// Hints about captures. Airflow's rules apply to Airflow's captures only.
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type MemrayFormat, MemrayWriter } from '@heapray/exporter/memray';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { hintsFor } from '../../src/watch/hints.js';
import { Clock, follow, GrowingFixture, goldenFile, rawCapture, writer } from './support/captures.js';

const FINISHED = goldenFile('threads.v13.bin');
const SMALL = rawCapture(FINISHED);
const KIB = 1024;

interface Program {
  readonly libdest?: string;
  readonly format?: MemrayFormat;
  readonly command?: string;
  /** Times in ms from the start at which it writes its memory and then allocates. */
  readonly millis: readonly number[];
  /** Number of allocations at the first time, and at each later one. */
  readonly first?: number;
  readonly each?: number;
  readonly size?: number;
  readonly ended?: boolean;
}

/** Returns the capture of a program that only allocates. */
function capture({
  libdest = '/lib',
  format = 13,
  command = 'airflow api-server',
  millis,
  first = 0,
  each = 0,
  size = 16,
  ended = true,
}: Program): Uint8Array {
  const startTimeMillis = Date.now();
  const writer = new MemrayWriter({ commandLine: command, pid: 1, startTimeMillis, libdest, format });
  const stack = writer.stack(undefined, writer.frame('serve', '/app/server.py', 1));
  let address = 1024;
  for (const [step, at] of millis.entries()) {
    writer.memoryRecord(1e6, startTimeMillis + at);
    for (let i = 0; i < (step === 0 ? first : each); i += 1) {
      writer.allocation(1, address, size, stack);
      address += 1024;
    }
  }
  if (ended) writer.finish(1e6, startTimeMillis + millis.at(-1)!);
  return writer.take();
}

async function hintsOf(file: string, polls = 2): Promise<string[]> {
  const follower = follow(file, { clock: () => Date.now() + 20_000 });
  for (let i = 0; i < polls; i += 1) await follower.poll();
  const hints = await hintsFor([{ component: 'it', follower }], undefined);
  return hints.map(({ hint }) => hint).filter((hint) => hint !== 'disk_space');
}

describe('old_capture', () => {
  test.each([true, false])('of a damaged capture depends on its program: runs %s', async (runs) => {
    const file = path.join(tempFolder(), 'scheduler_memory.bin');
    writeFileSync(file, Buffer.concat([SMALL.subarray(0, 20_000), Buffer.alloc(5000, 0xff)]));
    const clock = () => Date.now() + 20_000;
    const follower = follow(file, { clock, writer: writer(() => runs) });
    for (let i = 0; i < 5; i += 1) await follower.poll();
    expect(follower.state).toBe('damaged');
    const hints = await hintsFor([{ component: 'scheduler', follower }], undefined);
    expect(hints.some(({ hint }) => hint === 'old_capture')).toBe(!runs);
  });

  test.each(['scheduler', 'dag_processor', 'api', 'triggerer'])('is given for %s', async (component) => {
    const file = path.join(tempFolder(), `${component}_memory.bin`);
    copyFileSync(FINISHED, file);
    expect(await hintsOf(file)).toContain('old_capture');
  });

  test.each([
    'run-test_a.py.bin',
    'worker_memory.bin',
    'scheduler.bin',
    'Scheduler_memory.bin',
    'old.scheduler_memory.bin',
  ])('is not given for %s', async (name) => {
    const file = path.join(tempFolder(), name);
    copyFileSync(FINISHED, file);
    expect(await hintsOf(file)).toEqual([]);
    const empty = path.join(tempFolder(), name);
    writeFileSync(empty, '');
    expect(await hintsOf(empty)).toEqual([]);
  });

  test.each<[string, Program]>([
    ['of this version', { libdest: 'node:internal', millis: [0] }],
    ['of another version', { libdest: 'node:', millis: [0] }],
    ['of format 12, which has no folders', { format: 12, libdest: '', command: 'node app.js', millis: [0] }],
  ])(
    'is not given for a capture of heapray itself, %s, because heapray moves older ones away',
    async (_, program) => {
      const file = path.join(tempFolder(), 'scheduler_memory.bin');
      writeFileSync(file, capture(program));
      expect(await hintsOf(file)).toEqual([]);
    },
  );

  test('is given for a capture whose program only has node in its name', async () => {
    const file = path.join(tempFolder(), 'scheduler_memory.bin');
    writeFileSync(
      file,
      capture({ libdest: '/opt/node:internal', command: 'node-airflow scheduler', millis: [0] }),
    );
    expect(await hintsOf(file)).toContain('old_capture');
  });

  test('is not given when the file was moved away, however its run ends then', async () => {
    for (const rest of [SMALL.subarray(20_000), SMALL.subarray(20_000, 25_000)]) {
      const folder = tempFolder();
      const file = new GrowingFixture(path.join(folder, 'scheduler_memory.bin'));
      file.append(SMALL.subarray(0, 20_000));
      const clock = new Clock();
      let lives = true;
      const follower = follow(file.path, { writer: writer(() => lives), clock: () => clock.now });
      await follower.poll();
      renameSync(file.path, path.join(folder, 'moved.bin'));
      file.append(rest);
      for (let turn = 0; turn < 8 && follower.state !== 'gone'; turn += 1) {
        await follower.poll();
        const hints = await hintsFor([{ component: 'it', follower }], undefined);
        expect(hints.filter(({ hint }) => hint === 'old_capture')).toEqual([]);
        clock.now += 1_500;
        lives = turn < 2;
      }
      expect(follower.state).toBe('gone');
    }
  });
});

describe('api_supervisor', () => {
  const api = () => path.join(tempFolder(), 'api_memory.bin');

  test('is given for a supervisor that keeps allocating, after half a minute', async () => {
    // Figures of Airflow 3.3: 200 at its start, then 17 a second without end.
    const steps = (seconds: number) => Array.from({ length: seconds }, (_, second) => second * 1000);
    const [young, old, veteran] = [api(), api(), api()];
    writeFileSync(young, capture({ millis: steps(20), first: 200, each: 17, ended: false }));
    writeFileSync(old, capture({ millis: steps(40), first: 200, each: 17, ended: false }));
    writeFileSync(veteran, capture({ millis: steps(4000), first: 200, each: 17, ended: false }));
    const running = { writer: writer(() => true) };
    const hints = async (file: string) => {
      const follower = follow(file, running);
      await follower.poll();
      await follower.poll();
      return (await hintsFor([{ component: 'api', follower }], undefined)).map(
        ({ hint, text }) => `${hint} ${text}`,
      );
    };
    expect((await hints(young)).join()).not.toContain('api_supervisor');
    expect((await hints(old)).join()).toMatch(
      /api_supervisor .*only 693 allocations: this is the supervisor/,
    );
    expect((await hints(veteran)).join()).toMatch(
      /api_supervisor .*only 693 allocations: this is the supervisor/,
    );
  });

  test('is not given for a server, however quiet it is later', async () => {
    const file = api();
    writeFileSync(file, capture({ millis: [0, 10_000, 40_000, 4_000_000], first: 60_000 }));
    expect(await hintsOf(file)).not.toContain('api_supervisor');
  });

  test('is not given for a server that starts slowly, once it is large', async () => {
    const file = api();
    writeFileSync(file, capture({ millis: [0, 31_000, 60_000], first: 100, each: 100, size: 512 * KIB }));
    expect(await hintsOf(file)).not.toContain('api_supervisor');
  });

  test('is given for a run that ended early with hardly any allocations', async () => {
    const file = api();
    writeFileSync(file, capture({ millis: [0, 1000], first: 300 }));
    expect(await hintsOf(file)).toContain('api_supervisor');
    const other = path.join(tempFolder(), 'scheduler_memory.bin');
    copyFileSync(file, other);
    expect(await hintsOf(other)).not.toContain('api_supervisor');
  });
});
