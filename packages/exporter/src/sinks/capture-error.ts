/** The operation that the file system refused. */
export type CaptureOperation =
  | 'open'
  | 'rotate'
  | 'append'
  | 'patch'
  | 'close'
  | 'prune'
  | 'remove'
  | 'compress'
  | 'replace';

/**
 * Error for a capture that could not be written. The message is one line with the operation, the path and the reason.
 */
export class CaptureError extends Error {
  // Check `name` rather than `instanceof`: it also works when two copies of the package are loaded.
  override readonly name = 'CaptureError';
  readonly path: string;
  readonly operation: CaptureOperation;
  /** The reason, without path and operation, for example `no space left on device`. */
  readonly reason: string;
  /** The system's code, for example `ENOSPC`; undefined when heapray itself refused. */
  readonly code: string | undefined;

  constructor(path: string, operation: CaptureOperation, reason: string, options?: ErrorOptions) {
    const code = codeOf(options?.cause);
    const verb = operation === 'append' ? 'append to' : operation;
    super(`cannot ${verb} capture ${oneLine(path)}: ${reason}${code ? ` (${code})` : ''}`, options);
    this.path = path;
    this.operation = operation;
    this.reason = reason;
    this.code = code;
  }

  /** Returns the error for an exception of a file system call. */
  static from(path: string, operation: CaptureOperation, cause: unknown): CaptureError {
    return new CaptureError(path, operation, reasonOf(cause), { cause });
  }
}

/** Returns the system's error code of an exception, for example `ENOENT`; undefined when it has none. */
export function codeOf(cause: unknown): string | undefined {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Returns the reason part of a Node error message, which has the form `CODE: reason, call 'path'`. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return oneLine(/^[A-Z0-9]+: (.*?)(?:, \w+|$)/.exec(message)?.[1] ?? message);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** Codes of conditions that may pass by themselves: out of file descriptors or memory, interrupted, file busy. */
const TRANSIENT: ReadonlySet<string | undefined> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EINTR',
  'EBUSY',
]);

/** Returns whether the failed call may succeed when it is repeated later. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(codeOf(error));
}
