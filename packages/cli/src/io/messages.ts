import type { MessagePort } from 'node:worker_threads';

/** From a supervised command to its supervisor. */
export type FromCommand =
  | { readonly kind: 'write'; readonly bytes: Uint8Array }
  | { readonly kind: 'error text'; readonly text: string }
  | { readonly kind: 'read stdin' }
  | { readonly kind: 'remove at end'; readonly path: string; readonly wanted: boolean }
  | { readonly kind: 'reading'; readonly name: string }
  | { readonly kind: 'done'; readonly status: number };

/** Back to it: the answers to what it wants written and read, in the order in which it asked. */
export type ToCommand =
  | { readonly kind: 'written'; readonly isRead: boolean; readonly error: SystemError | undefined }
  | {
      readonly kind: 'stdin';
      readonly bytes: Uint8Array | undefined;
      readonly error: SystemError | undefined;
    };

/** What of an error of the system crosses between threads. */
export interface SystemError {
  readonly message: string;
  readonly code: string | undefined;
  readonly errno: number | undefined;
}

/** What a supervised command is given. */
export interface SupervisedData {
  readonly args: readonly string[];
  readonly columns: number | undefined;
  /** One number of 64 bits: bytes of inputs that were read. */
  readonly progress: SharedArrayBuffer;
  readonly port: MessagePort;
}

export function systemError(error: unknown): SystemError {
  const { message, code, errno } = error as NodeJS.ErrnoException;
  return { message, code, errno };
}

/** An error that reads as the one that {@link systemError} was made of. */
export function errorOf({ message, code, errno }: SystemError): Error {
  return Object.assign(new Error(message), { code, errno });
}
