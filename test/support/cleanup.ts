// Closes what a test opens at its end, whether it passed or not. Outside of a test (in beforeAll), closes
// it at the end of the file.
import { onTestFinished } from 'vitest';

type Cleanup = () => unknown;

const atFileEnd: Cleanup[] = [];

/** Runs the cleanups of the file. Called at the end of each, by `after-file.ts`. */
export async function cleanUpFile(): Promise<void> {
  for (const cleanup of atFileEnd.splice(0).reverse()) await cleanup();
}

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
