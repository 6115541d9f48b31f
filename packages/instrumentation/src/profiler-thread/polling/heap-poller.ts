import { Session } from 'node:inspector';
import type { Collections } from '../ledger/index.js';
import type { SamplingProfile } from './sampling-profile.js';

/** Result of one poll of a thread's sampler. */
export type PollResult =
  | {
      readonly status: 'ok';
      readonly profile: SamplingProfile;
      readonly latencyMillis: number;
      /** Collections since the last poll, if the poll reports them. */
      readonly collections?: Collections | undefined;
    }
  /** The sampler is not running: other code stopped it. */
  | { readonly status: 'stopped' }
  | { readonly status: 'failed'; readonly reason: string };

/** Use of the main thread's heap, in bytes. */
export interface HeapUsage {
  /** Bytes of objects, garbage included. */
  readonly usedBytes: number;
  /** Bytes that V8 has got from the system. */
  readonly committedBytes: number;
  /** Bytes of Buffers and ArrayBuffers; undefined before Node 24. */
  readonly bufferBytes: number | undefined;
}

/** Polls the sampler of a thread. */
export interface HeapPoller {
  /**
   * @param waitMillis set in exact mode: the young generation is collected right behind the poll, and the thread then
   *   waits for this time at most, in ms, while the poll is read
   * @param isMajor true to collect the old generation too
   */
  poll(waitMillis?: number, isMajor?: boolean): Promise<PollResult>;
  /**
   * Collects all garbage of the thread. Resolves when that is done: unlike a poll, it waits for the thread's event loop.
   * Rejects if V8 refuses.
   */
  collect(): Promise<void>;
  /** Asks for the use of the heap; undefined if V8 refuses. Answered as a poll is, but costs microseconds. */
  heapUsage(): Promise<HeapUsage | undefined>;
  /** Makes the main thread replace the sampler of exact mode by a usual one, also while it is in a loop. */
  endExact(): void;
  close(): void;
}

/** Takes heap snapshots of a thread. */
export interface SnapshotTaker {
  /**
   * Takes a heap snapshot, which stops the thread until it is done. Rejects if V8 refuses.
   *
   * @param onPiece receives the text of the snapshot in pieces of about 1 MiB; must not throw
   */
  takeSnapshot(onPiece: (text: string) => void): Promise<void>;
}

interface HeapUsageReply {
  readonly usedSize: number;
  readonly totalSize: number;
  readonly backingStorageSize?: number;
}

const NOT_STARTED = 'not started';
const SNAPSHOT_PIECE = 'HeapProfiler.addHeapSnapshotChunk';

/** Longest time for which the main thread is held, in ms. */
const HOLD_MILLIS = 2_000;
/** Functions that `main-thread/sampler/exact-heap.ts` has prepared. */
const EXACT_HOOKS = "globalThis[Symbol.for('heapray.exact.1')]";

/**
 * Connects to the main thread's sampler from a worker thread, so that parsing and all further work stay off
 * the main thread. A reply arrives even while the main thread is in a synchronous loop, but not while it is
 * inside a long native call. So a poll can take arbitrarily long, and must not be repeated before it is
 * answered.
 *
 * A pending reply does not keep the worker's event loop alive: the worker must hold a handle of its own.
 *
 * @param hold sets if the main thread waits, once the first command of a poll of exact mode has reached it
 * @throws when the inspector may not be used (`--permission`)
 */
export function connectHeapPoller(hold: (isHeld: boolean) => void): HeapPoller & SnapshotTaker {
  const session = new Session();
  session.connectToMainThread();
  const callHook = (call: string) =>
    session.post('Runtime.evaluate', { expression: `${EXACT_HOOKS}?.${call}`, silent: true });
  return {
    poll: (waitMillis, isMajor = false) =>
      new Promise((resolve) => {
        const sent = performance.now();
        // The program must not run between the poll and the collection: hold it until both commands are on their way.
        if (waitMillis !== undefined) {
          hold(true);
          callHook(`hold?.(${HOLD_MILLIS})`);
        }
        session.post('HeapProfiler.getSamplingProfile', (error, reply) => {
          if (!error) {
            const profile = reply.profile as unknown as SamplingProfile;
            resolve({ status: 'ok', profile, latencyMillis: performance.now() - sent });
          } else if (error.message.includes(NOT_STARTED)) resolve({ status: 'stopped' });
          else resolve({ status: 'failed', reason: error.message });
        });
        if (waitMillis !== undefined) {
          callHook(`collect?.(${waitMillis}, ${isMajor})`);
          hold(false);
        }
      }),
    collect: () =>
      new Promise((resolve, reject) => {
        session.post('HeapProfiler.collectGarbage', (error) => (error ? reject(error) : resolve()));
      }),
    heapUsage: () =>
      new Promise((resolve) => {
        session.post('Runtime.getHeapUsage', (error, reply) => {
          if (error) return resolve(undefined);
          const { usedSize, totalSize, backingStorageSize } = reply as HeapUsageReply;
          resolve({ usedBytes: usedSize, committedBytes: totalSize, bufferBytes: backingStorageSize });
        });
      }),
    takeSnapshot: (onPiece) =>
      new Promise((resolve, reject) => {
        const receive = ({ params }: { readonly params: { readonly chunk: string } }) =>
          onPiece(params.chunk);
        session.on(SNAPSHOT_PIECE, receive);
        session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false }, (error) => {
          session.removeListener(SNAPSHOT_PIECE, receive);
          if (error) reject(error);
          else resolve();
        });
      }),
    endExact: () => callHook('end?.()'),
    close: () => session.disconnect(),
  };
}
