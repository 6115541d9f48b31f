// Grafana Alloy identifies stacks by addresses alone, so its profiles have one for each function.
import { expect, test } from 'vitest';
import { perftools } from '#generated/pprof.js';
import { decodePprof, type EncodePprofOptions, encodePprof } from '../../src/pprof/index.js';
import { mergeProfiles, type Profile, subtractProfiles, topOf } from '../../src/profile/index.js';
import { growingProfile, START } from '../export/support/growing-service.js';
import { formatProfile } from '../profile/format-profile.js';

const ADDRESSES: EncodePprofOptions = { addresses: true };
const COLUMN = 'alloc_space';

interface Amount {
  readonly leaf: string;
  bytes: number;
}

/** Returns the allocated bytes of each stack, known by its addresses and labels alone, with the name of its leaf. */
function byAddresses(profile: Profile, options: EncodePprofOptions): Map<string, Amount> {
  const {
    location,
    sample,
    function: functions,
    stringTable,
  } = perftools.profiles.Profile.decode(encodePprof(profile, options));
  const amounts = new Map<string, Amount>();
  for (const { locationId, value, label } of sample) {
    const frames = locationId!.map((id) => location[Number(id) - 1]!);
    const texts = label!.map(
      ({ key, str, num }) => `${stringTable[Number(key)]} ${stringTable[Number(str)]} ${num}`,
    );
    const key = [...frames.map(({ address }) => `${address}`), ...texts].join();
    const { name } = functions[Number(frames[0]!.line![0]!.functionId) - 1]!;
    const amount = amounts.get(key) ?? { leaf: stringTable[Number(name)]!, bytes: 0 };
    amount.bytes += Number(value![1]);
    amounts.set(key, amount);
  }
  return amounts;
}

/** Returns what each leaf function has allocated between two profiles. */
function difference(before: Profile, after: Profile, options: EncodePprofOptions): Record<string, number> {
  const old = byAddresses(before, options);
  const sums: Record<string, number> = {};
  for (const [key, { leaf, bytes }] of byAddresses(after, options)) {
    const change = bytes - (old.get(key)?.bytes ?? 0);
    if (change !== 0) sums[leaf] = (sums[leaf] ?? 0) + change;
  }
  return sums;
}

test('differences by addresses are those by stacks when each frame has an address', () => {
  const before = growingProfile(8, START);
  // Merged with another profile before it, so that its frames have other numbers.
  const after = mergeProfiles([growingProfile(1, START), growingProfile(20, START + 60_000)]);
  const change = subtractProfiles(after, before);
  const rows = topOf(change, { column: COLUMN, groupBy: 'function', limit: 1000 }).filter(
    ({ flat }) => flat !== 0,
  );
  const expected = Object.fromEntries(rows.map(({ name, flat }) => [name, flat]));
  expect(Object.keys(expected).length).toBeGreaterThan(15);
  expect(difference(before, after, ADDRESSES)).toEqual(expected);
  // Without addresses, all stacks of a length would be one.
  expect(Object.keys(difference(before, after, {}))).toHaveLength(1);
});

test('addresses change nothing else of a profile', () => {
  const profile = growingProfile(5, START);
  expect(formatProfile(decodePprof(encodePprof(profile, ADDRESSES)))).toBe(formatProfile(profile));
});
