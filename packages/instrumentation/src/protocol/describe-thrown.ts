import { inspect, types } from 'node:util';
import { SafeString, StringPrototypeReplace, StringPrototypeSlice } from './primordials.js';

/** Maximum length of a description, in characters. */
const MAX_LENGTH = 300;
const UNKNOWN = 'something that cannot be shown';
/** Control characters and line separators, with the blanks that follow them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const BREAKS = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+ */g;

/**
 * Describes a thrown value on one line. Never throws, even for a Proxy, an error whose `message` throws, or
 * an object without prototype.
 */
export function describeThrown(thrown: unknown): string {
  try {
    return StringPrototypeSlice(StringPrototypeReplace(textOf(thrown), BREAKS, ' '), 0, MAX_LENGTH);
  } catch {
    return UNKNOWN;
  }
}

function textOf(thrown: unknown): string {
  // Do not touch a Proxy: its traps are the application's code.
  if (types.isProxy(thrown)) return 'a Proxy';
  if (types.isNativeError(thrown)) {
    const { message } = thrown;
    if (typeof message === 'string' && message !== '') return message;
  }
  if (typeof thrown === 'string') return thrown;
  if (typeof thrown !== 'object' && typeof thrown !== 'function') return SafeString(thrown);
  return inspect(thrown, {
    customInspect: false,
    getters: false,
    showProxy: true,
    depth: 1,
    maxArrayLength: 5,
  });
}
