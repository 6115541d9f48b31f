import { readFileSync } from 'node:fs';
import type { KernelMemory } from '../../protocol/metric-points.js';

const STATUS = '/proc/self/status';

/** Reads the kernel's counters of the process; undefined where the system has none. */
export function readKernelMemory(): KernelMemory | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return parseKernelMemory(readFileSync(STATUS, 'latin1'));
  } catch {
    // `/proc` is not mounted, or may not be read.
    return undefined;
  }
}

/**
 * Returns the resident memory of the process that belongs to no file, in bytes.
 *
 * @throws where the system does not report it
 */
export function readAnonymousBytes(): number {
  const bytes = bytesOf(readFileSync(STATUS, 'latin1'), 'RssAnon');
  if (bytes === undefined) throw new Error(`${STATUS}: no RssAnon in it`);
  return bytes;
}

/** Parses /proc/PID/status; undefined if fields are missing, as before Linux 4.5. */
export function parseKernelMemory(status: string): KernelMemory | undefined {
  const [file, shared, stack] = ['RssFile', 'RssShmem', 'VmStk'].map((name) => bytesOf(status, name));
  if (file === undefined || shared === undefined || stack === undefined) return undefined;
  return { file, shared, stack };
}

function bytesOf(status: string, name: string): number | undefined {
  const kibibytes = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
