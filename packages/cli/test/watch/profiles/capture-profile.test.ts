// Profiles of captures, made from snapshots as on another thread.
import { readFileSync } from 'node:fs';
import { CaptureContents, GrowingCapture, profileFromMemray } from '@heapray/exporter/memray';
import { decodePprof } from '@heapray/exporter/pprof';
import { type Profile, totals } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import { formatProfile } from '../../../../exporter/test/profile/format-profile.js';
import { captureChange, captureProfile } from '../../../src/watch/profiles/capture-profile.js';
import { makeProfile } from '../../../src/watch/profiles/profile-job.js';
import { makeProfileOnThread } from '../../../src/watch/profiles/profile-thread.js';
import { AIRFLOW, goldenFile, rawCapture, withoutZeros } from '../support/captures.js';

const SCRIPT = new URL('../../../dist/watch/profiles/profile-thread-main.js', import.meta.url);
const HERE = new AbortController().signal;
const GOLDEN = [
  AIRFLOW,
  ...[
    'threads.v11.bin',
    'threads.v12.bin',
    'threads.v13.bin',
    'threads.v13-py39.bin',
    'threads.v13-py310.bin',
    'native.v13.bin',
    'aggregate.v13.bin',
    'native-aggregate.v13.bin',
    'killed.v13.bin',
    'synthetic/node-demo.v13.bin',
  ].map(goldenFile),
];

function captureOf(bytes: Uint8Array): GrowingCapture {
  const capture = new GrowingCapture();
  capture.push(bytes);
  return capture;
}

function text(capture: CaptureContents): string {
  return formatProfile(captureProfile(capture, 'it', 'inuse_space'));
}

test.each(GOLDEN)('a snapshot gives the profile of its capture: %s', (file) => {
  const capture = captureOf(readFileSync(file));
  const copy = CaptureContents.of(structuredClone(capture.snapshot()));
  expect(text(copy)).toBe(text(capture));
  expect(copy.times).toEqual(capture.times);
  expect(copy.siteCount).toBe(capture.siteCount);
});

test.each(GOLDEN)('a profile has the labels and stacks of a converted capture: %s', (file) => {
  const bytes = readFileSync(file);
  const samplesOf = (profile: Profile) =>
    Array.from({ length: profile.sampleCount }, (_, sample) => {
      const { component, ...labels } = profile.labelsOf(sample);
      return JSON.stringify([labels, [...profile.frames(profile.stackOf(sample))]]);
    }).sort();
  const watched = captureProfile(captureOf(bytes), 'it', 'inuse_space');
  const converted = profileFromMemray([bytes]);
  expect(samplesOf(watched)).toEqual(samplesOf(converted));
  expect(watched.program).toBe(converted.program);
});

test('a snapshot does not change when the capture continues', () => {
  const raw = withoutZeros(rawCapture(AIRFLOW));
  const capture = captureOf(raw.subarray(0, 700_000));
  const [snapshot, before] = [capture.snapshot(), text(capture)];
  capture.push(raw.subarray(700_000));
  expect(text(CaptureContents.of(snapshot))).toBe(before);
  expect(text(capture)).not.toBe(before);
});

test('a change is the difference of two profiles, without a peak', () => {
  const raw = withoutZeros(rawCapture(AIRFLOW));
  const capture = captureOf(raw.subarray(0, 700_000));
  const before = capture.amountsNow();
  const old = totals(captureProfile(capture, 'it', 'inuse_space'));
  capture.push(raw.subarray(700_000));
  const now = totals(captureProfile(capture, 'it', 'inuse_space'));
  const change = captureChange(capture, before, 'it', 'inuse_space');
  const names = ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'];
  expect(totals(change)).toEqual(Object.fromEntries(names.map((name) => [name, now[name]! - old[name]!])));
  expect(change.durationNanos).toBe(capture.times.timeNanos - before.timeNanos);
  expect(change.timeNanos).toBe(capture.times.timeNanos);
  const whole = captureChange(capture, undefined, 'it', 'inuse_space');
  expect(totals(whole)).toEqual(Object.fromEntries(names.map((name) => [name, now[name]])));
  expect(whole.durationNanos).toBe(capture.times.durationNanos);
  expect(captureChange(capture, capture.amountsNow(), 'it', 'inuse_space').sampleCount).toBe(0);
});

const job = () => ({
  form: 'pprof' as const,
  component: 'it',
  defaultColumn: 'inuse_space' as const,
  captures: [{ snapshot: captureOf(readFileSync(goldenFile('native.v13.bin'))).snapshot() }],
  isChange: false,
});

test('a thread makes the same profile as this one', async () => {
  const made = await makeProfileOnThread(job(), HERE, { script: SCRIPT });
  const own = await makeProfile(job());
  expect(formatProfile(decodePprof(made))).toBe(formatProfile(decodePprof(own)));
});

test('a thread ends with its client, and reports why it failed', async () => {
  const hanging = new URL('data:text/javascript,setInterval(() => {}, 1000)');
  const client = new AbortController();
  const made = makeProfileOnThread(job(), client.signal, { script: hanging });
  client.abort(new Error('gone'));
  await expect(made).rejects.toThrow('gone');
  const throwing = new URL('data:text/javascript,throw new Error("no such thing")');
  await expect(makeProfileOnThread(job(), HERE, { script: throwing })).rejects.toMatchObject({
    status: 500,
    message: 'the profile could not be made: no such thing',
  });
  await expect(makeProfileOnThread(job(), HERE, { script: hanging, maxMillis: 10 })).rejects.toMatchObject({
    status: 500,
    message: 'the profile takes too long',
  });
  const greedy = new URL('data:text/javascript,let kept; for (;;) kept = { kept };');
  await expect(makeProfileOnThread(job(), HERE, { script: greedy, heapMib: 40 })).rejects.toMatchObject({
    status: 500,
    message: 'the profile takes too much memory',
  });
});

test.each(GOLDEN)('a sealed capture keeps its contents: %s', (file) => {
  const capture = captureOf(readFileSync(file));
  const [before, sites] = [text(capture), callSites(capture)];
  capture.seal();
  capture.push(Buffer.from('more'));
  expect(text(capture)).toBe(before);
  expect(callSites(capture)).toEqual(sites);
  expect(text(CaptureContents.of(structuredClone(capture.snapshot())))).toBe(before);
});

function callSites(capture: CaptureContents): unknown[] {
  return Array.from({ length: capture.siteCount }, (_, at) => {
    const { stack } = capture.site(at + 1);
    return [capture.callSite(stack), capture.packageOf(stack)];
  });
}
