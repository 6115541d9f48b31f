import { readFileSync } from 'node:fs';

const LIMITED = /^Max address space +\d/m;

/**
 * Returns whether a capture may be read on two threads. False if the address space of this process is limited
 * (`ulimit -v`): V8 reserves much of it for each thread, and aborts the process when there is none left.
 */
export function mayUseThread(): boolean {
  try {
    return !LIMITED.test(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    // The system is not Linux, or access is denied.
    return true;
  }
}
