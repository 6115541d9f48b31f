import {
  ArrayIsArray,
  ErrorCaptureStackTrace,
  ReflectDefineProperty,
  ReflectDeleteProperty,
  ReflectGetOwnPropertyDescriptor,
  SafeError,
  StringPrototypeSlice,
} from '../../../protocol/primordials.js';

/** Where a function begins, with its keyword; lines and columns from 1. */
export interface FunctionStart {
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/** A frame as V8 gives it. Types of Node lack the methods of the function's start. */
interface Site {
  isAsync(): boolean;
  getScriptNameOrSourceURL(): string | null | undefined;
  getEnclosingLineNumber(): number | null;
  getEnclosingColumnNumber(): number | null;
}

/** Maximum number of frames; of a deeper stack, the outermost is not known. More than V8's sampler records. */
const MAX_FRAMES = 200;
const NODE_MODULE = 'node:';

/** The two ends of a stack, of functions that have a file and are not Node's. */
export interface StackEnds {
  /** Undefined if there is none, or if the stack is deeper than 200 frames. */
  readonly outermost: FunctionStart | undefined;
  readonly innermost: FunctionStart | undefined;
}

/**
 * Returns the functions at the ends of the present stack.
 *
 * @param own function of heapray from which on inner frames are left out
 */
export function stackEnds(own: (...args: never[]) => unknown): StackEnds {
  const sites = stackAbove(own);
  if (!ArrayIsArray(sites)) return { outermost: undefined, innermost: undefined };
  let at = 0;
  let innermost: FunctionStart | undefined;
  for (; at < sites.length && !innermost; at++) innermost = startOf(sites[at] as Site);
  let outermost = innermost;
  for (let last = sites.length - 1; last >= at; last--) {
    const start = startOf(sites[last] as Site);
    if (!start) continue;
    outermost = start;
    break;
  }
  return { outermost: sites.length < MAX_FRAMES ? outermost : undefined, innermost };
}

/** Returns where the function of a frame begins; undefined for Node's and those without a file. */
function startOf(site: Site): FunctionStart | undefined {
  // Functions that await those on the stack are listed too.
  if (site.isAsync()) return undefined;
  const url = site.getScriptNameOrSourceURL();
  if (!url || StringPrototypeSlice(url, 0, NODE_MODULE.length) === NODE_MODULE) return undefined;
  const line = site.getEnclosingLineNumber();
  const column = site.getEnclosingColumnNumber();
  return line && column ? { url, line, column } : undefined;
}

/** Returns the frames as V8 gives them; anything else where the application prevents that. */
function stackAbove(own: (...args: never[]) => unknown): unknown {
  const limit = replaced('stackTraceLimit', MAX_FRAMES);
  const format = replaced('prepareStackTrace', keptSites);
  try {
    const holder: { stack?: unknown } = {};
    ErrorCaptureStackTrace(holder, own);
    return holder.stack;
  } finally {
    restore('prepareStackTrace', format);
    restore('stackTraceLimit', limit);
  }
}

function keptSites(_error: unknown, sites: unknown): unknown {
  return sites;
}

type Setting = 'stackTraceLimit' | 'prepareStackTrace';

/** Sets a property of `Error` and returns what it was; does nothing if `Error` is frozen. */
function replaced(key: Setting, value: unknown): PropertyDescriptor | undefined {
  const before = ReflectGetOwnPropertyDescriptor(SafeError, key);
  ReflectDefineProperty(SafeError, key, { value, writable: true, enumerable: true, configurable: true });
  return before;
}

function restore(key: Setting, before: PropertyDescriptor | undefined): void {
  if (before) ReflectDefineProperty(SafeError, key, before);
  else ReflectDeleteProperty(SafeError, key);
}
