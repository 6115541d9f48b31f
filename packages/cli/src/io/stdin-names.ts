/**
 * Names of standard input in place of a path. To open one of the long ones would fail where it is a socket, and begin a
 * file from its start.
 */
const NAMES: ReadonlySet<string> = new Set(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0']);

/** Whether an input is standard input, by whichever name. */
export function isStdin(input: string): boolean {
  return NAMES.has(input);
}
