import { expect, test } from 'vitest';
import { script } from './script.js';

interface File {
  readonly moduleId: string;
  readonly project: { readonly name: string; readonly config: object };
}

interface TestOrder {
  readonly MixingSequencer: new (
    vitest: unknown,
  ) => { sort(files: readonly File[]): Promise<readonly File[]> };
}

const { MixingSequencer } = await script<TestOrder>('test-order.mjs');

test('starts the longest files first, and mixes the kinds, whatever order the files have', async () => {
  const config = { sequence: { groupOrder: 0 }, isolate: true };
  const file = (kind: string, name: string) => ({
    moduleId: `/${kind}/${name}`,
    project: { name: kind, config },
  });
  const seconds: Readonly<Record<string, number>> = { 'short.test.ts': 1, 'long.test.ts': 9 };
  const cache = {
    getTestSpecificationResult: ({ moduleId }: File) => ({ duration: seconds[moduleId.split('/').at(-1)!] }),
  };
  const files = [
    file('e2e', 'short.test.ts'),
    file('e2e', 'long.test.ts'),
    file('e2e', 'allocation-conditions.test.ts'),
    file('peers', 'short.test.ts'),
    file('peers', 'long.test.ts'),
  ];
  const sorted = await new MixingSequencer({ cache }).sort(files);
  expect(sorted.map(({ moduleId }) => moduleId)).toEqual([
    '/e2e/allocation-conditions.test.ts',
    '/peers/long.test.ts',
    '/e2e/long.test.ts',
    '/peers/short.test.ts',
    '/e2e/short.test.ts',
  ]);
});
