// Entry point of the thread that follows the heap of a capture read by another thread.
import { type MessagePort, workerData } from 'node:worker_threads';
import { FormatError } from '../../wire/errors.js';
import type { MemrayLimits } from '../format/limits.js';
import { replayHeapEvents } from './heap-events.js';
import { HeapRing, type HeapRingBuffers } from './heap-ring.js';
import { HighWaterMark } from './high-water-mark.js';
import type { SiteAmountsState } from './site-amounts.js';

export interface HeapThreadData {
  readonly buffers: HeapRingBuffers;
  readonly limits: MemrayLimits;
  readonly port: MessagePort;
}

export type HeapThreadAnswer =
  | { readonly amounts: SiteAmountsState }
  | { readonly limitReached: string }
  | { readonly failure: string };

function replayAll(ring: HeapRing, limits: MemrayLimits): HeapThreadAnswer {
  const heap = new HighWaterMark(limits);
  try {
    for (let events = ring.nextToReplay(); events !== undefined; events = ring.nextToReplay()) {
      replayHeapEvents(events, heap);
      ring.markReplayed();
    }
    return { amounts: heap.amounts.state };
  } catch (error) {
    if (error instanceof FormatError) return { limitReached: error.reason };
    return { failure: (error as Error).message };
  }
}

const { buffers, limits, port } = workerData as HeapThreadData;
const ring = new HeapRing(buffers);
if (ring.begin()) {
  const answer = replayAll(ring, limits);
  port.postMessage(answer, 'amounts' in answer ? [answer.amounts.rows.buffer] : []);
  ring.markAnswered();
}
port.close();
