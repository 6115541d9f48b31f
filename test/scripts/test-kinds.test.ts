import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { script } from './script.js';

interface TestKinds {
  readonly KINDS: readonly string[];
  testsByKind(): Readonly<Record<'unit' | 'simulations' | 'peers' | 'e2e', readonly string[]>>;
}

const { KINDS, testsByKind } = await script<TestKinds>('test-kinds.mjs');
const { unit, simulations, peers, e2e } = testsByKind();

test('sorts every test into one kind', () => {
  expect(Object.keys(testsByKind())).toEqual(KINDS);
  const files = [...unit, ...simulations, ...peers, ...e2e];
  expect(new Set(files).size).toBe(files.length);
  for (const file of files)
    expect(existsSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)))).toBe(true);
  expect(files.filter((file) => file.includes('/fixtures/'))).toEqual([]);
});

test('unit tests and simulations need no peer and start no program', () => {
  expect(unit).toContain('packages/exporter/test/wire/byte-reader.test.ts');
  expect(unit).toContain('packages/instrumentation/test/profiler-thread/ledger/state/call-site.test.ts');
  expect(unit).toContain('packages/cli/test/text/width.test.ts');
  expect(simulations).toContain('packages/exporter/test/memray/read/damage.test.ts');
  // They need peers or start programs by themselves, through another file, and through two others.
  expect(peers).toContain('test/bootstrap.test.ts');
  expect(peers).toContain('packages/instrumentation/test/main-thread/profiler/hard-start.test.ts');
  expect(peers).toContain('packages/cli/test/run/run.test.ts');
});

test('end-to-end tests are those of test/e2e', () => {
  expect(e2e.length).toBeGreaterThan(20);
  expect(e2e.every((file) => file.startsWith('test/e2e/'))).toBe(true);
});
