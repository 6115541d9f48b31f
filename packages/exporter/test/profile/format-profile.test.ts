import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Profile, ProfileBuilder } from '../../src/profile/index.js';
import {
  addSamples,
  addStack,
  heapBuilder,
  heapProfiles,
  samplesOf,
  wholeNumbers,
} from './arbitrary-profile.js';
import { formatProfile } from './format-profile.js';

describe('golden dumps', () => {
  test('of a server', async () => {
    const builder = heapBuilder(1_700_000_000_123_456_789n, 60_000_000_000n);
    const main = { name: 'main', file: '/srv/app/server.js', line: 1, column: 1 };
    const route = { name: '', file: '/srv/app/routes.js', line: 12, column: 5 };
    const parse = { name: 'JSON.parse', file: '', line: 0, column: 0 };
    addSamples(builder, [
      {
        stack: [main, route, parse],
        values: [4, 4096, 2, 2048],
        labels: { package: 'express', thread: '0' },
      },
      { stack: [main], values: [1, 64, 1, 64], labels: {} },
      { stack: [], values: [0, 0, 0, 1_000_000], labels: { kind: 'array_buffer', tid: 7 } },
      { stack: [main, route, parse], values: [1, 1024, 0, 0], labels: { package: 'express', thread: '0' } },
    ]);
    builder.comment('mode: binding');
    await expect(formatProfile(builder.build())).toMatchFileSnapshot('golden/server.txt');
  });

  test('with texts that need quotes', async () => {
    const builder = new ProfileBuilder({
      columns: [{ type: 'objects alive', unit: '' }],
      timeNanos: 0n,
      durationNanos: 0n,
      comments: ['', 'two\nlines', 'a "quoted" word', 'plain'],
    });
    const odd = { name: 'get value', file: 'C:\\app\\a.js', line: 1, column: 1 };
    const accent = { name: 'größe', file: 'ä.js', line: 1, column: 1 };
    const labels = { 'a=b': '{x}', bell: '\u0007', number: 12, text: '12' };
    builder.add(addStack(builder, [odd, accent]), [1], builder.labels(labels));
    await expect(formatProfile(builder.build())).toMatchFileSnapshot('golden/quotes.txt');
  });

  test('of an empty profile', async () => {
    await expect(formatProfile(heapBuilder().build())).toMatchFileSnapshot('golden/empty.txt');
  });
});

test('does not depend on the order in which samples were added', () => {
  const shuffled = samplesOf(wholeNumbers, 4).chain((samples) =>
    fc.tuple(fc.constant(samples), fc.shuffledSubarray(samples, { minLength: samples.length })),
  );
  fc.assert(
    fc.property(shuffled, ([samples, others]) => {
      const text = formatProfile(addSamples(heapBuilder(), samples).build());
      expect(formatProfile(addSamples(heapBuilder(), others).build())).toBe(text);
    }),
  );
});

test('profiles with the same text are equal in every sample', () => {
  const contents = (profile: Profile) =>
    Array.from({ length: profile.sampleCount }, (_, sample) =>
      JSON.stringify([
        profile.columns.map((_, column) => profile.value(sample, column)),
        Object.entries(profile.labelsOf(sample)),
        [...profile.frames(profile.stackOf(sample))],
      ]),
    ).sort();
  fc.assert(
    fc.property(heapProfiles, heapProfiles, (a, b) => {
      const sameText = formatProfile(a) === formatProfile(b);
      expect(sameText).toBe(contents(a).join('\n') === contents(b).join('\n'));
    }),
  );
});
