import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { script } from './script.js';

interface UnitTests {
  unitTests(wanted?: readonly string[]): string[];
}

const { unitTests } = await script<UnitTests>('unit-tests.mjs');

test('selects tests of all packages, without those that need a peer or start programs', () => {
  const files = unitTests();
  for (const file of files)
    expect(existsSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)))).toBe(true);
  expect(files).toContain('packages/exporter/test/wire/byte-reader.test.ts');
  expect(files).toContain('packages/instrumentation/test/profiler-thread/ledger/call-site.test.ts');
  expect(files).toContain('packages/cli/test/text/width.test.ts');
  // They need peers or start programs by themselves, through another file, and through two others.
  expect(files).not.toContain('test/bootstrap.test.ts');
  expect(files).not.toContain('packages/instrumentation/test/main-thread/profiler/hard-start.test.ts');
  expect(files).not.toContain('packages/cli/test/run/run.test.ts');
  expect(files.filter((file) => file.includes('/e2e/') || file.includes('/fixtures/'))).toEqual([]);
});

test('selects only tests whose path contains the argument', () => {
  const files = unitTests(['packages/exporter/test/wire']);
  expect(files.length).toBeGreaterThan(0);
  expect(files.every((file) => file.startsWith('packages/exporter/test/wire/'))).toBe(true);
  expect(unitTests(['no such path'])).toEqual([]);
});
