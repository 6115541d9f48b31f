/** What was being done when the file system refused. */
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

/** A capture could not be written. The message is one line that names what was done, where, and why not. */
export class CaptureError extends Error {
  // A name and not `instanceof` decides, so that two copies of the package agree.
  override readonly name = 'CaptureError';
  readonly path: string;
  readonly operation: CaptureOperation;
  /** Why not, without path and operation, for example `no space left on device`. */
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

  /** The error for what a file system call threw. */
  static from(path: string, operation: CaptureOperation, cause: unknown): CaptureError {
    return new CaptureError(path, operation, reasonOf(cause), { cause });
  }
}

/** The system's code of what a file system call threw. */
export function codeOf(cause: unknown): string | undefined {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Node's messages are `CODE: reason, call 'path'`; only the reason is not said elsewhere. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return oneLine(/^[A-Z0-9]+: (.*?)(?:, \w+|$)/.exec(message)?.[1] ?? message);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** The process, or the machine, has no file descriptor or no memory left for the moment, or a file is busy. */
const TRANSIENT: ReadonlySet<string | undefined> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EINTR',
  'EBUSY',
]);

/** Whether what failed may succeed soon, without anybody doing anything about it. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(codeOf(error));
}
