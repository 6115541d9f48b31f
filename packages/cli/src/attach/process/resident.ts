import { readFileSync } from 'node:fs';

const KIB = 1024;

/** Returns the resident memory of a process in bytes; 0 if it has ended. */
export function residentOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
  } catch {
    return 0;
  }
}
