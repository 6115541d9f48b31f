import { readFileSync } from 'node:fs';
import { residentBytes } from '../../protocol/memory-usage.js';

/** Returns the resident and the swapped memory of the process, in bytes. Elsewhere than on Linux, only the former. */
export function residentAndSwapped(): number {
  if (process.platform !== 'linux') return residentBytes();
  try {
    return parseResidentAndSwapped(readFileSync('/proc/self/status', 'latin1')) ?? residentBytes();
  } catch {
    // `/proc` is not mounted, or all file descriptors are in use.
    return residentBytes();
  }
}

/** Parses /proc/PID/status; undefined if it has no resident size. */
export function parseResidentAndSwapped(status: string): number | undefined {
  const kibibytes = (name: string) => new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1];
  const resident = kibibytes('VmRSS');
  return resident === undefined ? undefined : 1024 * (Number(resident) + Number(kibibytes('VmSwap') ?? 0));
}
