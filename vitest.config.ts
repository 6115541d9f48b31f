import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/fixtures/**'],
    pool: 'forks',
    // Tests of memory must be able to say when garbage is collected.
    execArgv: ['--expose-gc'],
    // Only for what hangs; longer than anything that a test waits for (test/support/patience.ts).
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 2,
  },
});
