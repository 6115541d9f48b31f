import { existsSync } from 'node:fs';

const PROCESS_ID = /^[1-9]\d{0,9}$/;
const URL_START = /^https?:\/\//i;
/** Options of `heapray retainers` that are followed by a value. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  '--class',
  '--function',
  '--top',
  '-o',
  '--output',
  '--max-memory',
  '--max-seconds',
]);

/** Returns whether an argument is the URL of a server. */
export function isUrl(target: string): boolean {
  return URL_START.test(target);
}

/** Returns whether an argument names a running process, by its ID or the URL of its debug server, and not a file. */
export function isProcess(target: string): boolean {
  return isUrl(target) || (PROCESS_ID.test(target) && !existsSync(target));
}

/** Returns whether the arguments of `heapray retainers` name a running process. */
export function namesProcess(args: readonly string[]): boolean {
  return args.some((arg, at) => !WITH_VALUE.has(args[at - 1] ?? '') && isProcess(arg));
}
