import v8 from 'node:v8';
import { process } from '../containment/primordials.js';

type Usage = Pick<NodeJS.MemoryUsage, 'rss' | 'external' | 'arrayBuffers'>;

let lastResident: number | undefined;
let lastArrayBuffers = 0;

/**
 * Returns the resident set size of the process, in bytes. Node reads it from a file: without a free file descriptor it is
 * the size at the last reading, or the largest so far if there was none.
 */
export function residentBytes(): number {
  try {
    lastResident = process.memoryUsage.rss();
  } catch {
    lastResident ??= process.resourceUsage().maxRSS * 1024;
  }
  return lastResident;
}

/** Returns `process.memoryUsage()`. Without a free file descriptor some of it is as it was at the last reading. */
export function memoryUsage(): Usage {
  try {
    const usage = process.memoryUsage();
    lastResident = usage.rss;
    lastArrayBuffers = usage.arrayBuffers;
    return usage;
  } catch {
    const { external_memory: external } = v8.getHeapStatistics();
    return { rss: residentBytes(), external, arrayBuffers: lastArrayBuffers };
  }
}
