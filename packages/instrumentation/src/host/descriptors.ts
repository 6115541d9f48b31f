// Imports nothing of heapray: it is asked before the rest is loaded.
import fs from 'node:fs';
import os from 'node:os';

/** What the profiler thread, its servers and a capture open, and as many again for the application. */
const NEEDED = 32;
const { openSync, closeSync } = fs;

/** Says why there are too few file descriptors; undefined when there are enough. Never throws. */
export function descriptorProblem(): string | undefined {
  const open: number[] = [];
  let enough = false;
  try {
    while (open.length < NEEDED) open[open.length] = openSync(os.devNull, 'r');
    enough = true;
  } catch {
    // They are counted below.
  }
  for (let at = 0; at < open.length; at++) closeSync(open[at]!);
  // A process that may open no file at all is another matter, as with `--permission`.
  if (enough || open.length === 0) return undefined;
  return `only ${open.length} more files can be opened (ulimit -n), and ${NEEDED} are needed`;
}
