import { defineConfig } from 'vitest/config';
import { testsByKind } from './scripts/lib/test-kinds.mjs';
import { MixingSequencer } from './scripts/lib/test-order.mjs';

export default defineConfig({
  test: {
    projects: Object.entries(testsByKind()).map(([name, include]) => ({
      extends: true,
      test: { name, include },
    })),
    exclude: ['**/node_modules/**', '**/dist/**', 'test/fixtures/**'],
    pool: 'forks',
    // Tests of memory must be able to say when garbage is collected.
    execArgv: ['--expose-gc'],
    // Only for what hangs; longer than anything that a test waits for (test/support/patience.ts).
    testTimeout: 900_000,
    hookTimeout: 900_000,
    // As patient as all other waits (test/support/patience.ts); the default is a second.
    expect: { poll: { timeout: 300_000 } },
    // One more than continuous integration has processors, because tests often wait for the programs that they start. With two
    // more, programs of other tests hold up those that must end or answer in time.
    maxWorkers: 3,
    sequence: { sequencer: MixingSequencer },
  },
});
