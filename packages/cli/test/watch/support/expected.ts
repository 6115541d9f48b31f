// memray's figures for a capture.
import { readFileSync } from 'node:fs';

export interface Expected {
  readonly total_num_allocations: number;
  readonly total_bytes_allocated: number;
}

/** Returns the output of `memray stats --json` for a golden capture. */
export function readExpected(capture: string): Expected {
  return JSON.parse(readFileSync(capture.replace(/\.bin$/, '.stats.json'), 'utf8')) as Expected;
}
