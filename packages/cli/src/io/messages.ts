import type { MessagePort } from 'node:worker_threads';

/** Messages from a supervised command to its supervisor. */
export type FromCommand =
  | { readonly kind: 'write'; readonly bytes: Uint8Array }
  | { readonly kind: 'error text'; readonly text: string }
  | { readonly kind: 'read stdin' }
  | { readonly kind: 'remove at end'; readonly path: string; readonly wanted: boolean }
  | { readonly kind: 'reading'; readonly name: string }
  | { readonly kind: 'done'; readonly status: number };

/** Replies to a command's writes and reads, in the order of its requests. */
export type ToCommand =
  | { readonly kind: 'written'; readonly isRead: boolean; readonly error: SystemError | undefined }
  | {
      readonly kind: 'stdin';
      readonly bytes: Uint8Array | undefined;
      readonly error: SystemError | undefined;
    };

/** The fields of a system error that are passed between threads. */
export interface SystemError {
  readonly message: string;
  readonly code: string | undefined;
  readonly errno: number | undefined;
}

/** Data passed to a supervised command. */
export interface SupervisedData {
  readonly args: readonly string[];
  readonly columns: number | undefined;
  /** One 64-bit number: bytes of the inputs read so far. */
  readonly progress: SharedArrayBuffer;
  readonly port: MessagePort;
}

export function systemError(error: unknown): SystemError {
  const { message, code, errno } = error as NodeJS.ErrnoException;
  return { message, code, errno };
}

/** Returns an error equivalent to the one passed to {@link systemError}. */
export function errorOf({ message, code, errno }: SystemError): Error {
  return Object.assign(new Error(message), { code, errno });
}
