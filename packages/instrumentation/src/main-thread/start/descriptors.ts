// Imports nothing of heapray, because it runs before the rest is loaded.
import fs from 'node:fs';
import os from 'node:os';

/**
 * Number of descriptors needed by the profiler thread, its servers and a capture, plus as many for the
 * application.
 */
const NEEDED = 32;
const { openSync, closeSync } = fs;

/** Explains why there are too few file descriptors; undefined if there are enough. Never throws. */
export function descriptorProblem(): string | undefined {
  const open: number[] = [];
  let enough = false;
  try {
    while (open.length < NEEDED) open[open.length] = openSync(os.devNull, 'r');
    enough = true;
  } catch {
    // The number opened is checked below.
  }
  for (let at = 0; at < open.length; at++) closeSync(open[at]!);
  // If no file can be opened at all, there is another reason, e.g. `--permission`.
  if (enough || open.length === 0) return undefined;
  return `only ${open.length} more files can be opened (ulimit -n), and ${NEEDED} are needed`;
}
