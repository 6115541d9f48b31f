import { getSystemErrorMessage } from 'node:util';
import { printable } from './text/printable.js';

/** Error for a failure of the input or the system. The message is one line for the user. Exit status 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}

/** Error for an invalid command line. Exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}

/** Returns a file system error as one line: the path and the system's message, without code and system call. */
export function fileError(path: string, cause: unknown): CommandError {
  return new CommandError(`${path}: ${reasonOf(cause)}`, { cause });
}

/** Returns the POSIX code of a system error, for example `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}

function reasonOf(cause: unknown): string {
  const errno: unknown = cause instanceof Error ? Reflect.get(cause, 'errno') : undefined;
  if (typeof errno === 'number') return getSystemErrorMessage(errno);
  return cause instanceof Error ? cause.message : String(cause);
}
