import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BufferProfiling } from '../../src/main-thread/buffers/buffer-profiling.js';
import { BORN_VALUES, type BufferBatch, type OffHeapMode } from '../../src/protocol/buffer-events.js';

/** A sample as it was sent. */
export interface SentSample {
  readonly id: number;
  /** Names of the functions, innermost first. */
  readonly functions: readonly string[];
  readonly weight: number;
  readonly bytes: number;
}

/** Buffers of this process being profiled, without a profiler thread. */
export class ProfiledBuffers {
  readonly batches: BufferBatch[] = [];
  readonly logged: string[] = [];
  /** Number of batches that count as taken; undefined for all. */
  taken: number | undefined;
  readonly profiling: BufferProfiling = new BufferProfiling({
    send: (batch) => void this.batches.push(batch),
    taken: () => this.taken ?? this.batches.length,
    log: (_, text) => void this.logged.push(text),
  });

  constructor(mode: OffHeapMode = 'buffers') {
    this.profiling.set(mode);
  }

  /** All samples so far; sends those that are waiting. */
  samples(): SentSample[] {
    this.profiling.flush();
    const functionsOf = new Map<number, readonly string[]>();
    const samples: SentSample[] = [];
    for (const { stacks, born } of this.batches) {
      for (const { id, frames } of stacks)
        functionsOf.set(
          id,
          frames.map(({ functionName }) => functionName),
        );
      for (let at = 0; at < born.length; at += BORN_VALUES) {
        const [id = 0, stack = 0, weight = 0, bytes = 0] = born.slice(at);
        samples.push({ id, functions: functionsOf.get(stack) ?? [], weight, bytes });
      }
    }
    return samples;
  }

  /** Ids of samples that have died so far. */
  died(): number[] {
    this.profiling.flush();
    return this.batches.flatMap(({ died }) => died);
  }

  leftInPool(): number[] {
    this.profiling.flush();
    return this.batches.flatMap(({ leftInPool }) => leftInPool);
  }
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects garbage and lets finalizers run. */
export async function collectGarbage(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  await new Promise((resolve) => setTimeout(resolve, 0));
}
