// Following one capture: ends of runs, and new runs at the same path.
import {
  appendFileSync,
  chmodSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import {
  AIRFLOW,
  Clock,
  captureIn,
  contents,
  contentsOf,
  follow,
  GrowingFixture,
  goldenFile,
  rawCapture,
  replaceBy,
  withoutZeros,
  withStart,
  writer,
} from '../support/captures.js';

const AIRFLOW_RAW = rawCapture(AIRFLOW);
const AIRFLOW_CONTENTS = contentsOf(withoutZeros(AIRFLOW_RAW));
const SMALL = rawCapture(goldenFile('threads.v13.bin'));

describe('the end', () => {
  test('the compressed form replaces a capture that was read to its end', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file, { writer: writer(() => true) });
    await follower.poll();
    expect(follower.state).toBe('following');
    writeFileSync(file, AIRFLOW_RAW);
    await follower.poll();
    await follower.poll();
    const read = follower.bytesRead;
    expect(follower.state).toBe('finished');
    replaceBy(file, readFileSync(AIRFLOW));
    await follower.poll();
    expect(follower.state).toBe('finished');
    expect(follower.runs.count).toBe(1);
    expect(contents(follower.run?.capture)).toBe(AIRFLOW_CONTENTS);
    expect(follower.bytesRead - read).toBeLessThan(200_000);
  });

  test('the compressed form replaces a capture before its end was read', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file);
    await follower.poll();
    replaceBy(file, readFileSync(AIRFLOW));
    await follower.poll();
    expect([follower.state, follower.runs.count]).toEqual(['finished', 1]);
    expect(contents(follower.run?.capture)).toBe(AIRFLOW_CONTENTS);
    const read = follower.bytesRead;
    await follower.poll();
    expect(follower.bytesRead).toBe(read);
  });

  test('finds a finished capture', async () => {
    const follower = follow(AIRFLOW);
    await follower.poll();
    expect(follower.state).toBe('finished');
    expect(contents(follower.run?.capture)).toBe(AIRFLOW_CONTENTS);
  });

  test('is stopped when the program was killed', async () => {
    const clock = new Clock();
    const file = new GrowingFixture(captureIn(tempFolder()));
    file.append(SMALL.subarray(0, 20_000));
    const follower = follow(file.path, { clock: () => clock.now });
    clock.now = Date.now() + 1;
    await follower.poll();
    file.append(SMALL.subarray(20_000, 25_000));
    await follower.poll();
    await follower.poll();
    expect(follower.state).toBe('following');
    clock.now += 9_000;
    await follower.poll();
    expect(follower.state).toBe('stopped');
  });

  test('is idle when a live process does not write', async () => {
    const clock = new Clock();
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL.subarray(0, 20_000));
    const follower = follow(file, { clock: () => clock.now, writer: writer(() => true) });
    await follower.poll();
    clock.now += 60_000;
    await follower.poll();
    expect(follower.state).toBe('idle');
  });
});

describe('a capture that is read no further', () => {
  const damaged = Buffer.concat([AIRFLOW_RAW.subarray(0, 900_000), Buffer.alloc(5000, 0xff)]);
  test.each([
    ['limited', AIRFLOW_RAW.subarray(0, 900_000), { limits: { maxLive: 1000 } }],
    ['damaged', damaged, {}],
  ] as const)('keeps its figures while its program writes: %s', async (state, start, options) => {
    const file = captureIn(tempFolder());
    writeFileSync(file, start);
    const follower = follow(file, options);
    for (let i = 0; i < 5; i += 1) await follower.poll();
    expect(follower.state).toBe(state);
    const { run, reason, bytesRead, sizes } = follower;
    for (let at = 900_000; at < 1_200_000; at += 60_000) {
      appendFileSync(file, AIRFLOW_RAW.subarray(at, at + 60_000));
      await follower.poll();
      expect([follower.state, follower.reason]).toEqual([state, reason]);
      expect(follower.run).toBe(run);
    }
    expect(reason).not.toBe('');
    expect(follower.sizes).toEqual({ data: sizes.data, disk: start.length + 300_000 });
    // Each time, only enough for the header.
    expect(follower.bytesRead - bytesRead).toBeLessThan(5 * 300_000);
  });

  test.each([
    ['compressed', readFileSync(AIRFLOW)],
    ['raw', AIRFLOW_RAW],
  ])('is read again when another file replaces it: %s', async (_, next) => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file, { limits: { maxLive: 1000 } });
    for (let i = 0; i < 5; i += 1) await follower.poll();
    expect(follower.state).toBe('limited');
    const { run } = follower;
    replaceBy(file, next);
    await follower.poll();
    expect([follower.state, follower.runs.count]).toEqual(['limited', 1]);
    expect(follower.run).not.toBe(run);
  });

  test.each([
    ['raw', AIRFLOW_RAW],
    ['compressed', readFileSync(AIRFLOW)],
  ])('is not read again when only its header or its times change: %s', async (_, bytes) => {
    const file = captureIn(tempFolder());
    writeFileSync(file, bytes);
    const follower = follow(file);
    while (follower.state !== 'finished') await follower.poll();
    const { run, bytesRead, sizes } = follower;
    chmodSync(file, 0o600);
    await follower.poll();
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    await follower.poll();
    expect(follower.state).toBe('finished');
    expect(follower.run).toBe(run);
    expect(follower.sizes).toEqual(sizes);
    expect(follower.bytesRead - bytesRead).toBeLessThan(600_000);
  });

  test('is read again when it is shorter than what was read', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL);
    const follower = follow(file);
    while (follower.state !== 'finished') await follower.poll();
    writeFileSync(file, SMALL.subarray(0, 20_000));
    for (let i = 0; i < 3; i += 1) await follower.poll();
    expect(follower.state).toBe('following');
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(SMALL.subarray(0, 20_000))));
  });
});

describe('other files', () => {
  test('a new run with the same name starts its counters at zero', async () => {
    const folder = tempFolder();
    const file = captureIn(folder);
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file);
    await follower.poll();
    const second = withStart(SMALL, 1_800_000_000_000n);
    renameSync(file, path.join(folder, 'old.bin'));
    writeFileSync(file, second.subarray(0, 20_000));
    await follower.poll();
    await follower.poll();
    expect(follower.runs.count).toBe(2);
    expect(follower.header?.startTimeMillis).toBe(1_800_000_000_000);
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(second.subarray(0, 20_000))));
  });

  test('a new run in the same file is detected', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL.subarray(0, 20_000));
    const follower = follow(file);
    await follower.poll();
    writeFileSync(file, withStart(SMALL, 1_800_000_000_000n));
    await follower.poll();
    await follower.poll();
    expect([follower.state, follower.runs.count]).toEqual(['finished', 2]);
    expect(follower.header?.startTimeMillis).toBe(1_800_000_000_000);
  });

  test.each([
    ['threads.v11.bin', 29],
    ['threads.v12.bin', 33],
    ['threads.v13.bin', 33],
  ])('a new run in the same file, a second later, is detected: %s', async (name, startOffset) => {
    const bytes = withoutZeros(rawCapture(goldenFile(name)));
    const file = captureIn(tempFolder());
    writeFileSync(file, bytes.subarray(0, 12_000));
    const follower = follow(file);
    await follower.poll();
    const next = Buffer.from(bytes);
    const start = next.readBigInt64LE(startOffset) + 1000n;
    next.writeBigInt64LE(start, startOffset);
    writeFileSync(file, next.subarray(0, 25_000));
    await follower.poll();
    await follower.poll();
    expect(follower.runs.count).toBe(2);
    expect(follower.header?.startTimeMillis).toBe(Number(start));
  });

  test('the file is truncated while it is read', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL.subarray(0, 20_000));
    const follower = follow(file);
    await follower.poll();
    await follower.poll();
    writeFileSync(file, SMALL.subarray(0, 9_000));
    await follower.poll();
    await follower.poll();
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(SMALL.subarray(0, 9_000))));
  });

  test('the file is removed, and created again', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL);
    const follower = follow(file);
    await follower.poll();
    await follower.poll();
    expect(follower.state).toBe('finished');
    rmSync(file);
    await follower.poll();
    expect([follower.state, follower.run]).toEqual(['gone', undefined]);
    writeFileSync(file, SMALL);
    await follower.poll();
    await follower.poll();
    expect(follower.state).toBe('finished');
  });

  test('the file is removed after it was found, and before it was read', async () => {
    const follower = follow(captureIn(tempFolder()), { exists: true });
    await follower.poll();
    expect(follower.state).toBe('gone');
  });

  test('the file is removed before all of it is read: the rest is not read', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW);
    const follower = follow(file, { pollBytes: 100_000 });
    await follower.poll();
    const { bytesRead } = follower;
    rmSync(file);
    await follower.poll();
    expect([follower.state, follower.bytesRead]).toEqual(['gone', bytesRead]);
  });

  test('the file is replaced before all of it is read: each poll reads a part of it', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW);
    const follower = follow(file, { pollBytes: 100_000 });
    await follower.poll();
    replaceBy(file, withStart(SMALL, 1_800_000_000_000n));
    for (let i = 0; follower.state !== 'finished' || follower.runs.count < 2; i += 1) {
      const { bytesRead } = follower;
      await follower.poll();
      expect(follower.bytesRead - bytesRead).toBeLessThan(700_000);
      expect(i).toBeLessThan(100);
    }
    expect(follower.header?.startTimeMillis).toBe(1_800_000_000_000);
  });

  test('the file is removed while its program runs', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL.subarray(0, 20_000));
    const follower = follow(file, { writer: writer(() => true) });
    await follower.poll();
    rmSync(file);
    await follower.poll();
    expect(follower.state).toBe('gone');
  });

  test('the file is moved away while its program continues to write', async () => {
    const folder = tempFolder();
    const file = new GrowingFixture(captureIn(folder));
    file.append(SMALL.subarray(0, 10_000));
    const clock = new Clock();
    let alive = true;
    const follower = follow(file.path, { writer: writer(() => alive), clock: () => clock.now });
    await follower.poll();
    renameSync(file.path, path.join(folder, 'moved.bin'));
    file.append(SMALL.subarray(10_000, 20_000));
    await follower.poll();
    await follower.poll();
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(SMALL.subarray(0, 20_000))));
    alive = false;
    clock.now += 60_000;
    await follower.poll();
    expect(follower.state).toBe('gone');
  });
});
