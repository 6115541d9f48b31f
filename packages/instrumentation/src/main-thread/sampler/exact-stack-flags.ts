import v8 from 'node:v8';
import { process, SafeNumber, StringPrototypeSlice } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

/** Keep each function's frame on the stack, and make each allocation an event of its own. */
const FLAGS: readonly string[] = [
  '--no-turbo-inlining',
  '--no-maglev-inlining',
  '--no-turbo-allocation-folding',
];
/** V8 has it since 13. Older ones print an error for it; in them Maglev is off by default. */
const FOLDING_OF_MAGLEV = '--maglev-allocation-folding=0';
const FIRST_WITH_FOLDING_OF_MAGLEV = 13;

// Keep a reference: the application may replace it.
const { setFlagsFromString } = v8;
let isSet = false;

/**
 * Makes V8 compile without inlining functions and without merging allocations, in all threads. Holds for code that is optimized
 * from now on, so call it before the application's code runs. Never throws. A second call does nothing.
 */
export function setExactStackFlags(): void {
  if (isSet) return;
  isSet = true;
  for (let at = 0; at < FLAGS.length; at++) set(FLAGS[at]!);
  if (majorOfV8() >= FIRST_WITH_FOLDING_OF_MAGLEV) set(FOLDING_OF_MAGLEV);
}

/** True if the flags are set. */
export function hasExactStackFlags(): boolean {
  return isSet;
}

function set(flag: string): void {
  contain(
    () => setFlagsFromString(flag),
    () => {},
  );
}

/** Returns the first number of V8's version, e.g. 13 of `13.6.233.17-node.37`; 0 if it is unknown. */
function majorOfV8(): number {
  const major = contain(
    () => SafeNumber(StringPrototypeSlice(process.versions.v8, 0, 2)),
    () => {},
  );
  return major ?? 0;
}
