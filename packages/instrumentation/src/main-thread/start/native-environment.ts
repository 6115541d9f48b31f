import {
  process,
  ReflectDeleteProperty,
  ReflectSet,
  StringPrototypeReplace,
} from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

/** Matches jemalloc in a list of libraries, whose separators are colons and spaces. */
const JEMALLOC = /[^: ]*libjemalloc[^: ]*/g;
const EMPTY_ENTRIES = /^[: ]+|[: ]+$|[: ]+(?=[: ])/g;
/** Matches the settings of jemalloc's profiler. */
const PROFILING = /(?:^|,)(?:lg_)?prof[^,]*/g;

/**
 * Takes jemalloc and its profiler out of the environment of the processes that this one starts: they would write
 * dumps that no process reads.
 */
export function keepJemallocFromChildren(): void {
  replace('LD_PRELOAD', (value) =>
    StringPrototypeReplace(StringPrototypeReplace(value, JEMALLOC, ''), EMPTY_ENTRIES, ''),
  );
  replace('MALLOC_CONF', (value) =>
    StringPrototypeReplace(StringPrototypeReplace(value, PROFILING, ''), /^,/g, ''),
  );
}

/** Replaces a variable, or removes it if nothing is left. */
function replace(name: string, by: (value: string) => string): void {
  contain(
    () => {
      const value = process.env[name];
      if (value === undefined) return;
      const left = by(value);
      if (left === '') ReflectDeleteProperty(process.env, name);
      else ReflectSet(process.env, name, left);
    },
    () => {},
  );
}
