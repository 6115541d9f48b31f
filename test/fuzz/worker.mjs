// Damages captures and reads them, one number after another, and writes the current number to shared memory.
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../../packages/exporter/test/memray/support/random.ts';
import { pickCapture, readCorpus } from './corpus.ts';
import { exercise } from './exercise.ts';
import { mutate, seedOf } from './mutate.ts';

const { seed, first, end, step, progress } = workerData;
const corpus = readCorpus();
let refused = 0;
for (let number = first; number < end; number += step) {
  Atomics.store(progress, 0, number);
  const random = new Random(seedOf(seed, number));
  const bytes = mutate(pickCapture(corpus, random), random, corpus);
  try {
    refused += exercise(bytes) > 0 ? 1 : 0;
  } catch (error) {
    const reason = error instanceof Error ? `${error.stack}\n${error.cause ?? ''}` : String(error);
    parentPort.postMessage({ number, reason, bytes });
  }
}
parentPort.postMessage({ refused });
