// Following one capture: growth in pieces of any size.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import {
  AIRFLOW,
  captureIn,
  contents,
  contentsOf,
  follow,
  GrowingFixture,
  goldenFile,
  rawCapture,
  replaceBy,
  withoutZeros,
} from '../support/captures.js';

const AIRFLOW_RAW = rawCapture(AIRFLOW);

describe('growth', () => {
  test.each([
    'threads.v13.bin',
    'threads.v12.bin',
    'threads.v11.bin',
    'native.v13.bin',
    'pymalloc.v13.bin',
    'killed.v13.bin',
  ])('%s gives the same result, in pieces of any size, torn in any way', async (name) => {
    const bytes = withoutZeros(rawCapture(goldenFile(name)));
    const expected = contentsOf(bytes);
    const length = fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
      { weight: 4, arbitrary: fc.integer({ min: 500, max: 6000 }) },
    );
    const piece = fc.record({ length, torn: fc.boolean(), polls: fc.integer({ min: 0, max: 3 }) });
    const property = fc.asyncProperty(fc.array(piece, { minLength: 4, maxLength: 40 }), async (pieces) => {
      const file = new GrowingFixture(captureIn(tempFolder()));
      const follower = follow(file.path);
      const poll = () => follower.poll();
      let at = 0;
      for (let turn = 0; at < bytes.length; turn += 1) {
        const { length, torn, polls } = pieces[turn % pieces.length]!;
        const next = bytes.subarray(at, at + length);
        // A copy is torn for less than the time between two polls, and shorter than the bytes held back.
        if (torn && length < 4000) await file.appendTorn(next, poll);
        else file.append(next);
        at += next.length;
        for (let i = 0; i < polls; i += 1) await poll();
      }
      await poll();
      await poll();
      expect(contents(follower.run?.capture)).toBe(expected);
      await follower.close();
    });
    await fc.assert(property, { numRuns: 8, seed: 5 });
  });

  test('shows all data written so far, except the newest few bytes', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    const follower = follow(file.path);
    for (let at = 0; at < AIRFLOW_RAW.length; at += 200_000) {
      file.append(AIRFLOW_RAW.subarray(at, at + 200_000));
      const written = withoutZeros(AIRFLOW_RAW.subarray(0, at + 200_000));
      await follower.poll();
      expect(follower.run!.capture.offset).toBeGreaterThan(written.length - 8 * 1024);
      await follower.poll();
      expect(contents(follower.run!.capture)).toBe(contentsOf(written));
    }
    expect(follower.state).toBe('finished');
  });

  test('reads each byte once, except some kilobytes at each poll', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    const follower = follow(file.path);
    let polls = 0;
    const poll = async () => {
      await follower.poll();
      polls += 1;
    };
    for (let at = 0; at < AIRFLOW_RAW.length; at += 10_000) {
      file.append(AIRFLOW_RAW.subarray(at, at + 10_000));
      await poll();
    }
    await poll();
    expect(follower.state).toBe('finished');
    const extra = (follower.bytesRead - AIRFLOW_RAW.length) / polls;
    expect(extra).toBeLessThan(32 * 1024);
    // While the file does not change, the follower reads nothing.
    const before = follower.bytesRead;
    for (let i = 0; i < 10; i += 1) await poll();
    expect(follower.bytesRead).toBe(before);
  });

  test('reads a few kilobytes per poll for a capture that does not change, however large it is', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    const follower = follow(file.path);
    file.append(AIRFLOW_RAW.subarray(0, 1_500_000));
    file.reserve(1_000_000);
    await follower.poll();
    await follower.poll();
    const before = follower.bytesRead;
    for (let i = 0; i < 10; i += 1) await follower.poll();
    expect((follower.bytesRead - before) / 10).toBeLessThan(10 * 1024);
    expect(before).toBeLessThan(1_500_000 + 1024 * 1024);
  });
});

describe('catching up', () => {
  test('determines call sites as it reads, and not all of them with the first metrics', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    file.append(AIRFLOW_RAW.subarray(0, 1_500_000));
    const follower = follow(file.path);
    while (follower.run === undefined) await follower.poll();
    const { capture, series } = follower.run;
    const callSite = vi.spyOn(capture, 'callSite');
    expect(series.view(capture).rows.length).toBeGreaterThan(20);
    expect(capture.siteCount).toBeGreaterThan(1000);
    expect(callSite).not.toHaveBeenCalled();
  });

  test('is reading, without figures of the middle of a run, until all existing data is read', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    file.append(AIRFLOW_RAW.subarray(0, 1_500_000));
    const follower = follow(file.path, { pollBytes: 300_000, exists: true });
    const states: string[] = [follower.state];
    for (let turn = 0; turn < 20 && follower.state === 'reading'; turn += 1) {
      expect(follower.run).toBe(undefined);
      await follower.poll();
      states.push(follower.state);
    }
    expect(states.filter((state) => state === 'reading').length).toBeGreaterThan(1);
    expect(new Set(states)).toEqual(new Set(['reading', 'following']));
    const written = withoutZeros(AIRFLOW_RAW.subarray(0, 1_500_000));
    await follower.poll();
    expect(contents(follower.run?.capture)).toBe(contentsOf(written));
  });

  test('has no figures of a compressed capture before all of it is read', async () => {
    const file = captureIn(tempFolder());
    copyFileSync(AIRFLOW, file);
    const follower = follow(file, { pollBytes: 100_000 });
    let turns = 0;
    do {
      await follower.poll();
      turns += 1;
      expect(follower.run === undefined).toBe(follower.state === 'reading');
    } while (follower.state === 'reading');
    expect(turns).toBeGreaterThan(2);
    expect(follower.state).toBe('finished');
  });

  test('keeps the known figures while the compressed form is read', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file, { pollBytes: 100_000 });
    while (follower.run === undefined) await follower.poll();
    replaceBy(file, readFileSync(AIRFLOW));
    while (follower.state !== 'finished') {
      await follower.poll();
      expect(follower.run).toBeDefined();
    }
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(AIRFLOW_RAW)));
  });
});
