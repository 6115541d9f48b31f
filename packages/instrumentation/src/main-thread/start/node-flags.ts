import { process, StringPrototypeIncludes, StringPrototypeReplace } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

/** Returns the options of Node: `NODE_OPTIONS`, then those of the command line. Never throws. */
export function nodeFlags(): string {
  // Read Node's own variable: what PM2 adds to `env` comes too late for Node.
  const ofEnvironment = contain(() => process.env.NODE_OPTIONS, ignore) ?? '';
  return `${ofEnvironment} ${contain(() => process.execArgv.join(' '), ignore) ?? ''}`;
}

/**
 * Returns true if Node was started with this flag of V8, also if it is negated or written with `_`.
 *
 * @param name the flag without dashes before it, e.g. `memory-reducer`
 */
export function isFlagGiven(name: string): boolean {
  const spaced = ` ${StringPrototypeReplace(nodeFlags(), /["\s]/g, ' ')}`;
  const flags = StringPrototypeReplace(spaced, /_/g, '-');
  const has = (flag: string) => StringPrototypeIncludes(flags, ` --${flag}`);
  return has(name) || has(`no-${name}`) || has(`no${name}`);
}

function ignore(): void {}
