// Networks and registries fail for seconds and are well again: what fails is tried again after a pause, and told.
import { setTimeout as delay } from 'node:timers/promises';
import { note } from './bootstrap.mjs';

/** Longer than a registry is restarted, or a name is not found. */
const PAUSES_MILLIS = [3_000, 20_000];

/** Does the work, again after each pause when it fails; throws what the last failure threw. */
export async function withRetries(what, work, pauses = PAUSES_MILLIS) {
  for (const pause of pauses) {
    try {
      return await work();
    } catch (error) {
      // A program that is not there will not come.
      if (error.code === 'ENOENT') throw error;
      note(`${what}: failed, next try in ${pause / 1000} s: ${error.message}`);
      await delay(pause);
    }
  }
  return work();
}
