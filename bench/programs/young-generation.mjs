// For programs that are started with flags for their young generation.
import v8 from 'node:v8';

/** The flags are for the main thread, which has read them; the profiler thread is to be what it is in any process. */
export function ownYoungGeneration() {
  for (const flag of ['--min-semi-space-size=0', '--max-semi-space-size=0']) v8.setFlagsFromString(flag);
}
