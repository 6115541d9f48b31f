import { readFileSync } from 'node:fs';

const LIMITED = /^Max address space +\d/m;

/**
 * Whether a capture may be read on two threads. Not where the system gives this process only so many addresses
 * (`ulimit -v`): V8 wants many of them for each thread, and ends the process where there are none left.
 */
export function mayUseThread(): boolean {
  try {
    return !LIMITED.test(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    // Not Linux, or not permitted.
    return true;
  }
}
