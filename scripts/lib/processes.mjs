// Reads what the system reports about processes, on systems with /proc.
import { readFileSync } from 'node:fs';

/**
 * Returns state (one letter), process group and start time (in ticks since boot) of a process; undefined if there
 * is none, or no /proc. A pid can be reused; pid and start time together cannot.
 */
export function processStat(pid) {
  // Skip the name in parentheses, which may contain any characters.
  const stat = readProc(pid, 'stat').split(') ');
  if (stat.length < 2) return undefined;
  const fields = stat.at(-1).split(' ');
  return { state: fields[0], group: Number(fields[2]), start: fields[19] };
}

/** Returns a file of /proc; empty if it cannot be read. */
export function readProc(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
