import { getSystemErrorMessage } from 'node:util';
import { printable } from './text/printable.js';

/** The input or the system failed. The message is one line, for the person at the terminal; status 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}

/** The command was called in a wrong way; status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}

/** An error of the file system as one line: the file and the system's own words, without its code and call. */
export function fileError(path: string, cause: unknown): CommandError {
  return new CommandError(`${path}: ${reasonOf(cause)}`, { cause });
}

/** The POSIX code of a system error, for example `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}

function reasonOf(cause: unknown): string {
  const errno: unknown = cause instanceof Error ? Reflect.get(cause, 'errno') : undefined;
  if (typeof errno === 'number') return getSystemErrorMessage(errno);
  return cause instanceof Error ? cause.message : String(cause);
}
