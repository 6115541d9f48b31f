// `--fail-over`, a gate for CI: status 3 and one line with the site when a figure exceeds the limit.
import { encodePprof } from '@heapray/exporter/pprof';
import { ProfileBuilder } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { captureFile, expectedOf, sumOf } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith } from '../support/sample-files.js';

const CAPTURE = captureFile('threads.v13.bin');
const PEAK = expectedOf('threads.v13.bin').metadata.peak_memory;
const LEAKED = sumOf(expectedOf('threads.v13.bin').leaks.by_thread).bytes;

/** OLD has 4000 bytes, 3000 of them by `load`. NEW has 6000, with another 2000 by `cache`. */
const OLD = profileFile({ load: 3000, cache: 1000 });
const NEW = profileFile({ load: 3000, cache: 3000 });

function profileFile(sizes: Readonly<Record<string, number>>): string {
  const builder = new ProfileBuilder({
    columns: [
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  for (const [name, size] of Object.entries(sizes)) {
    builder.add(builder.stack(undefined, builder.frame(name, '/app/a.js', 1)), [size / 1000, size]);
  }
  return fileWith(encodePprof(builder.build()), 'a.pb');
}

describe('within the limit: no output and status 0', () => {
  test.each([
    [['stats', CAPTURE, '--fail-over', `${PEAK}`]],
    [['stats', CAPTURE, '--fail-over', `leaked=${LEAKED}B`, '--fail-over', '100%']],
    [['top', OLD, '--fail-over', '4KB']],
    [['top', OLD, '--fail-over', '75%']],
    [['top', OLD, '--by', 'inuse_objects', '--fail-over', '4']],
    [['diff', OLD, NEW, '--fail-over', '2000']],
    [['diff', OLD, NEW, '--fail-over', '50%']],
    [['diff', NEW, OLD, '--fail-over', '0']],
    [['diff', OLD, OLD, '--fail-over', '0%']],
  ])('%j', async (args) => {
    expect(await heapray(args)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('over the limit: status 3 and one line', () => {
  test.each<[string[], RegExp]>([
    [
      ['stats', CAPTURE, '--fail-over', `${PEAK - 1}`],
      /the peak is .*, over --fail-over \d+; most by \w+:.*: [\d.]+ [KM]iB$/,
    ],
    [['stats', CAPTURE, '--fail-over', `leaked=${LEAKED - 1}`], /what is leaked is .*; most by \w+:.*iB$/],
    [
      ['stats', CAPTURE, '--fail-over', '1%'],
      /what is leaked is [\d.]+% of the peak \(.*\), over --fail-over 1%; most by/,
    ],
    [
      ['top', OLD, '--fail-over', '3.9KB'],
      /inuse_space is 3.9 KiB, over --fail-over 3.9KB; most by load \(\/app\/a\.js:1\): 2\.9 KiB$/,
    ],
    [['top', OLD, '--fail-over', '3k'], /inuse_space is 3.9 KiB, over --fail-over 3k; most by load/],
    [
      ['top', OLD, '--fail-over', '74%'],
      /the function load \(\/app\/a\.js:1\) is 75.0% of inuse_space \(2.9 KiB\), over --fail-over 74%$/,
    ],
    [
      ['diff', OLD, NEW, '--fail-over', '1999'],
      /growth of inuse_space is 2.0 KiB, over .*; most by cache \(\/app\/a\.js:1\): \+2.0 KiB$/,
    ],
    [
      ['diff', OLD, NEW, '--fail-over', '49%'],
      /growth of inuse_space is 50.0% of the old total \(2.0 KiB\), over .*; most by cache/,
    ],
    [
      ['diff', profileFile({}), NEW, '--fail-over', '1000%'],
      /growth of inuse_space is all of the old total \(5.9 KiB\)/,
    ],
    [['diff', OLD, NEW, '--json', '-n', '1', '--fail-over', '1KiB'], /growth of inuse_space/],
  ])('%j', async (args, line) => {
    const result = await heapray(args);
    expect(result.status, result.stderr).toBe(3);
    expect(result.stderr).toMatch(/^heapray: [^\n]*\n$/);
    expect(result.stderr.trim()).toMatch(line);
    const limit = args.indexOf('--fail-over');
    expect(result.stdout).toBe((await heapray(args.toSpliced(limit, 2))).stdout);
  });
});

test('status 3 takes precedence over --strict', async () => {
  const file = captureFile('killed.v13.bin');
  expect(await heapray(['stats', file, '--strict', '--fail-over', '1KB'])).toMatchObject({ status: 3 });
  expect(await heapray(['stats', file, '--strict', '--fail-over', '1TB'])).toMatchObject({ status: 1 });
});

test.each<[string[], string]>([
  [['stats', CAPTURE, '--fail-over', 'much'], 'for example 500KB, 10MiB, 1.5GiB or 5%.'],
  [['stats', CAPTURE, '--fail-over', '-5'], 'for example 500KB, 10MiB, 1.5GiB or 5%.'],
  [['stats', CAPTURE, '--fail-over', 'peak=5%'], 'Give a size for peak=, for example peak=10MiB.'],
  [['top', OLD, '--fail-over', 'leaked=5%'], 'leaked= is for stats; here --by says the column'],
  [
    ['top', OLD, '--by', 'inuse_objects', '--fail-over', '5KB'],
    'inuse_objects is measured in count; give a number',
  ],
])('wrong usage: %j', async (args, line) => {
  const { status, stderr } = await heapray(args);
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(line) as string });
});
