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

/** Returns the system's message of a system error, without code and system call; the message of any other error. */
export function reasonOf(cause: unknown): string {
  const errno: unknown = cause instanceof Error ? Reflect.get(cause, 'errno') : undefined;
  return typeof errno === 'number' ? getSystemErrorMessage(errno) : messageOf(cause);
}

/** Returns the message of anything thrown. For several errors combined without a message, returns those of all. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '')
    return thrown.errors.map(messageOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
