// Following one capture: ends of runs, and new runs at the same path.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(AIRFLOW_RAW)));
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
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(AIRFLOW_RAW)));
    const read = follower.bytesRead;
    await follower.poll();
    expect(follower.bytesRead).toBe(read);
  });

  test('finds a finished capture', async () => {
    const follower = follow(AIRFLOW);
    await follower.poll();
    expect(follower.state).toBe('finished');
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(AIRFLOW_RAW)));
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
