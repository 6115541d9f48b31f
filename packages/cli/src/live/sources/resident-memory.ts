import { readFileSync } from 'node:fs';
import type { MemrayHeader } from '@heapray/exporter/memray';
import { isPlausibleWriter } from '../../watch/follow/capture-writer.js';
import type { MemoryPart } from '../live-state.js';

const KIB = 1024;
/** Parts of the resident set in `/proc/PID/status`. */
const PARTS: readonly (readonly [key: string, name: string])[] = [
  ['RssAnon', 'anonymous'],
  ['RssFile', 'files'],
  ['RssShmem', 'shared'],
];

/**
 * Returns the resident memory of the program of a capture, with its parts. Undefined if no process on this machine has
 * the ID, start and name of the program.
 */
export function residentMemory(
  header: MemrayHeader,
): { readonly bytes: number; readonly parts: readonly MemoryPart[] } | undefined {
  if (process.platform !== 'linux' || header.pid <= 0 || !isPlausibleWriter(header.pid, header))
    return undefined;
  try {
    return parseStatus(readFileSync(`/proc/${header.pid}/status`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Parses `/proc/PID/status`. Undefined if it has no resident set, as that of a zombie. */
export function parseStatus(
  status: string,
): { readonly bytes: number; readonly parts: readonly MemoryPart[] } | undefined {
  const parts = PARTS.flatMap(([key, name]) => {
    const kib = new RegExp(`^${key}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1];
    return kib === undefined ? [] : [{ name, bytes: Number(kib) * KIB }];
  });
  if (parts.length < PARTS.length) return undefined;
  return {
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    parts: parts.filter(({ bytes }) => bytes > 0),
  };
}
