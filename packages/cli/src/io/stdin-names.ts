/**
 * Names for standard input instead of a path. Opening a long one would fail for a socket, and start a file from its
 * beginning.
 */
const NAMES: ReadonlySet<string> = new Set(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0']);

/** Returns whether an input is standard input, by any of its names. */
export function isStdin(input: string): boolean {
  return NAMES.has(input);
}
