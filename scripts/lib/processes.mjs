// What the system says of processes, where it has /proc.
import { readFileSync } from 'node:fs';

/**
 * State (one letter), process group, and when it was started, in ticks since the system was; undefined when there is no
 * such process, or no /proc. A process number is used again, number and start together are not.
 */
export function processStat(pid) {
  // The name before the last bracket may hold anything.
  const stat = readProc(pid, 'stat').split(') ');
  if (stat.length < 2) return undefined;
  const fields = stat.at(-1).split(' ');
  return { state: fields[0], group: Number(fields[2]), start: fields[19] };
}

/** A file of /proc; empty when it cannot be read. */
export function readProc(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
