import { describe, expect, test } from 'vitest';
import {
  callSitesOnly,
  NO_CALL_SITE,
  ProfileBuilder,
  partsWithoutCallSite,
  totals,
} from '../../src/profile/index.js';

const COLUMNS = [
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_space', unit: 'bytes' },
];

function builderOf(): ProfileBuilder {
  const builder = new ProfileBuilder({
    columns: COLUMNS,
    defaultColumn: 'inuse_space',
    timeNanos: 5n,
    durationNanos: 3n,
    comments: ['a comment'],
  });
  const main = builder.stack(undefined, builder.frame('main', 'a.js', 1));
  const keep = builder.stack(main, builder.frame('keep', 'a.js', 2));
  builder.add(keep, [90, 60], builder.labels({ kind: 'heap' }));
  builder.add(undefined, [5, 4]);
  return builder;
}

function addParts(builder: ProfileBuilder): ProfileBuilder {
  const root = builder.stack(undefined, builder.frame(NO_CALL_SITE, '', 0));
  const add = (name: string, kind: string, bytes: number) =>
    builder.add(builder.stack(root, builder.frame(name, '', 0)), [0, bytes], builder.labels({ kind }));
  add('(code)', 'code', 7);
  add('(mapped files)', 'mapped_file', 30);
  add('(unexplained)', 'unexplained', -2);
  return builder;
}

describe('memory without a call site', () => {
  test('is told apart from call sites', () => {
    const profile = addParts(builderOf()).build();
    const sites = callSitesOnly(profile);
    expect(totals(profile)).toEqual({ alloc_space: 95, inuse_space: 99 });
    expect(totals(sites)).toEqual({ alloc_space: 95, inuse_space: 64 });
    expect(sites.sampleCount).toBe(2);
    expect([...sites.frames(sites.stackOf(0))].map(({ functionName }) => functionName)).toEqual([
      'keep',
      'main',
    ]);
    expect({ ...sites }).toEqual({ ...builderOf().build() });
    expect(partsWithoutCallSite(profile, 1)).toEqual([
      { name: '(mapped files)', value: 30 },
      { name: '(code)', value: 7 },
      { name: '(unexplained)', value: -2 },
    ]);
    expect(partsWithoutCallSite(profile, 0)).toEqual([]);
  });

  test('is none when a profile has no such samples, and a function of that name in a file is a call site', () => {
    const builder = builderOf();
    const root = builder.stack(undefined, builder.frame(NO_CALL_SITE, 'a.js', 1));
    builder.add(root, [1, 1]);
    const profile = builder.build();
    expect(callSitesOnly(profile)).toBe(profile);
    expect(partsWithoutCallSite(profile, 1)).toEqual([]);
  });
});
