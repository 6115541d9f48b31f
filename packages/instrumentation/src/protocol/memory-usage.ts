import v8 from 'node:v8';
import { process } from './primordials.js';

type Usage = Pick<NodeJS.MemoryUsage, 'rss' | 'external' | 'arrayBuffers'>;

let lastResident: number | undefined;
let lastArrayBuffers = 0;

/**
 * Returns the resident set size of the process, in bytes. Node reads it from a file. Without a free file
 * descriptor, returns the last value, or the process's maximum so far if there is none.
 */
export function residentBytes(): number {
  try {
    lastResident = process.memoryUsage.rss();
  } catch {
    lastResident ??= process.resourceUsage().maxRSS * 1024;
  }
  return lastResident;
}

/** Returns `process.memoryUsage()`. Without a free file descriptor, some values are from the last call. */
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
