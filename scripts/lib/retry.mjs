// Retries after failures of networks and registries, which often last only seconds. Each failure is printed.
import { setTimeout as delay } from 'node:timers/promises';
import { note } from './bootstrap.mjs';

/** Pauses that outlast a registry's restart or a failure of name resolution. */
const PAUSES_MILLIS = [3_000, 20_000];

/** Does the work, again after each pause if it fails; throws what the last attempt threw. */
export async function withRetries(what, work, pauses = PAUSES_MILLIS) {
  for (const pause of pauses) {
    try {
      return await work();
    } catch (error) {
      // A missing program will not appear: fail at once.
      if (error.code === 'ENOENT') throw error;
      note(`${what}: failed, next try in ${pause / 1000} s: ${error.message}`);
      await delay(pause);
    }
  }
  return work();
}
