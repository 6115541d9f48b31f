import { expect, test } from 'vitest';
import type { Collections } from '../../../../src/profiler-thread/ledger/estimates/reachability.js';
import { ReachableBytes } from '../../../../src/profiler-thread/ledger/estimates/reachable-bytes.js';

type Args = ConstructorParameters<typeof ReachableBytes>;

test('of the collections in a long time without a poll, the last ones are kept, and all scavenges count', () => {
  const learned: Collections[] = [];
  const live = { unbroken: () => 0 } as unknown as Args[0];
  const reachability = {
    update: (_span: unknown, collections: Collections) => learned.push(collections),
  } as unknown as Args[2];
  const bytes = new ReachableBytes(live, {} as Args[1], reachability);
  for (let at = 1; at <= 20_000; at++) {
    const major = { markMillis: at, sweepMillis: at, turnMillis: at };
    bytes.addCollections({ scavenges: 1, majors: [major] });
  }
  bytes.update({ askedMillis: 30_000, before: 0, newest: 0 }, []);
  const [{ scavenges, majors }] = learned as [Collections];
  expect(scavenges).toBe(20_000);
  expect(majors.map(({ sweepMillis }) => sweepMillis)).toEqual(
    Array.from({ length: 64 }, (_, at) => 20_000 - 63 + at),
  );
});
