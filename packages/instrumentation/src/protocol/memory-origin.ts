/** Kinds of memory that have a ledger of their own. */
export type LedgerKind = 'heap' | 'array_buffer';

/** A worker thread of the application. */
export interface WorkerName {
  /** Node's `threadId`. */
  readonly id: number;
  /** Name that the application gave it, or `worker`. */
  readonly name: string;
}

/** Where memory belongs: its kind, and the thread that allocated it. */
export interface MemoryOrigin {
  readonly kind: LedgerKind;
  /** Undefined for the main thread. */
  readonly thread: WorkerName | undefined;
}

/** Describes an origin for people, e.g. `worker 3 crawler`; empty for the heap of the main thread. */
export function originText({ kind, thread }: Partial<MemoryOrigin>): string {
  const parts = [
    ...(kind === 'array_buffer' ? ['Buffers'] : []),
    ...(thread ? [`worker ${thread.id}${thread.name === 'worker' ? '' : ` ${thread.name}`}`] : []),
  ];
  return parts.join(' of ');
}
