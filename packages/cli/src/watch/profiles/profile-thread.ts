import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { HttpError } from '@heapray/exporter/http';
import { codeOf, messageOf } from '../../errors.js';
import { makeProfile, type ProfileJob } from './profile-job.js';
import type { ProfileThreadAnswer } from './profile-thread-main.js';

export interface ProfileThreadOptions {
  /** Entry point of the thread. */
  readonly script: URL;
  /** Maximum size of its heap in MiB. */
  readonly heapMib: number;
  /** Maximum running time in ms: later profiles wait for it. */
  readonly maxMillis: number;
}

/**
 * Size of the young generation in MiB. Few objects of a profile become garbage, so a larger one would not be faster.
 */
const YOUNG_MIB = 2;
const DEFAULTS: ProfileThreadOptions = {
  script: new URL('./profile-thread-main.js', import.meta.url),
  heapMib: 1024,
  maxMillis: 120_000,
};
/** Timeout for ending a thread, in ms: during endless garbage collection it may not respond. */
const TERMINATE_MILLIS = 2_000;

/**
 * Makes a profile on a separate thread that ends afterwards, so that its heap is returned to the system. If Node's
 * permissions forbid threads, the profile is made on this thread.
 *
 * @param signal also ends the thread
 * @throws HttpError 500 (rejects) when the profile cannot be made, or the reason of the signal
 */
export async function makeProfileOnThread(
  job: ProfileJob,
  signal: AbortSignal,
  options: Partial<ProfileThreadOptions> = {},
): Promise<Uint8Array> {
  const all = { ...DEFAULTS, ...options };
  const worker = startThread(job, all);
  if (worker === undefined) return makeProfile(job);
  const ended = Promise.withResolvers<Uint8Array>();
  const stop = () => ended.reject(signal.reason as Error);
  signal.addEventListener('abort', stop);
  const late = setTimeout(
    () => ended.reject(new HttpError(500, 'the profile takes too long')),
    all.maxMillis,
  );
  worker.once('message', (answer: ProfileThreadAnswer) => {
    if ('profile' in answer) ended.resolve(answer.profile);
    else ended.reject(new HttpError(500, `the profile could not be made: ${answer.failure}`));
  });
  worker.once('error', (error) => ended.reject(new HttpError(500, failureText(error))));
  worker.once('exit', () =>
    ended.reject(new HttpError(500, 'the profile could not be made: its thread ended')),
  );
  try {
    signal.throwIfAborted();
    return await ended.promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
    // Wait, so that the next thread starts after this one has released its memory.
    await Promise.race([worker.terminate(), delay(TERMINATE_MILLIS, undefined, { ref: false })]);
  }
}

/** Starts the thread. Undefined if threads are forbidden. */
function startThread(job: ProfileJob, { script, heapMib }: ProfileThreadOptions): Worker | undefined {
  try {
    return new Worker(script, {
      name: 'heapray profile',
      workerData: job,
      transferList: buffersOf(job),
      // Do not load the preloads of this process.
      env: { ...process.env, NODE_OPTIONS: '' },
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: YOUNG_MIB },
    });
  } catch (error) {
    if (codeOf(error) !== 'ERR_ACCESS_DENIED') throw error;
    return undefined;
  }
}

/**
 * Returns the large buffers of snapshots, to transfer them: they are copies. Earlier amounts may be shared, so they are
 * copied instead.
 */
function buffersOf({ captures, other }: ProfileJob): ArrayBuffer[] {
  return [...captures, ...(other?.captures ?? [])].flatMap(({ snapshot: { model, amounts } }) => [
    amounts.rows.buffer,
    ...[model.stacks, model.codes.frames, model.sites.plain, model.sites.natives, model.sites.sites].map(
      ({ buffer }) => buffer,
    ),
    model.codes.lineTables.bytes.buffer,
  ]);
}

function failureText(error: unknown): string {
  if (codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') return 'the profile takes too much memory';
  return `the profile could not be made: ${messageOf(error)}`;
}
