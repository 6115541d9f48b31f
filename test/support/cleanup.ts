// Closes what a test opens at its end, whether it passed or not. Outside of a test (in beforeAll), closes
// it at the end of the file.
import { afterAll, onTestFinished } from 'vitest';

type Cleanup = () => unknown;

const atFileEnd: Cleanup[] = [];

// Support modules are loaded separately for every test file, so this registers once per file.
afterAll(async () => {
  for (const cleanup of atFileEnd.splice(0).reverse()) await cleanup();
});

/** Runs the cleanup at the end of the running test, or of the file if no test is running. */
export function atEnd(cleanup: Cleanup): void {
  try {
    onTestFinished(async () => {
      await cleanup();
    });
  } catch {
    atFileEnd.push(cleanup);
  }
}
