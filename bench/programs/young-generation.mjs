// For programs that are started with flags for the size of their young generation.
import v8 from 'node:v8';

/** Resets the flags. The main thread has already read them, and the profiler thread must have its usual settings. */
export function ownYoungGeneration() {
  for (const flag of ['--min-semi-space-size=0', '--max-semi-space-size=0']) v8.setFlagsFromString(flag);
}
