import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { HttpError } from '@heapray/exporter/http';
import { codeOf } from '../errors.js';
import { makeProfile, type ProfileJob } from './profile-job.js';
import type { ProfileThreadAnswer } from './profile-thread-main.js';

export interface ProfileThreadOptions {
  /** What the thread runs. */
  readonly script: URL;
  /** Most its heap may take, in MiB. */
  readonly heapMib: number;
  /** Most time it may take, in ms: the profiles behind it wait. */
  readonly maxMillis: number;
}

/** What a profile is built of is garbage hardly ever: a larger young generation makes it no faster. */
const YOUNG_MIB = 2;
const DEFAULTS: ProfileThreadOptions = {
  script: new URL('./profile-thread-main.js', import.meta.url),
  heapMib: 1024,
  maxMillis: 120_000,
};
/** A thread that collects garbage without end may not hear that it is to end. */
const TERMINATE_MILLIS = 2_000;

/**
 * Makes a profile on a thread of its own, which ends with it: its heap is given back to the system. Where Node's
 * permissions forbid threads, the profile is made on this one.
 *
 * @param signal ends the thread, too
 * @throws HttpError 500 (rejects) when it cannot be made, or the reason of the signal
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
    // The next one is started when this one has given back its memory.
    await Promise.race([worker.terminate(), delay(TERMINATE_MILLIS, undefined, { ref: false })]);
  }
}

/** Undefined where no thread may be started. */
function startThread(job: ProfileJob, { script, heapMib }: ProfileThreadOptions): Worker | undefined {
  try {
    return new Worker(script, {
      name: 'heapray profile',
      workerData: job,
      transferList: buffersOf(job),
      // Preloads of the process stay out of it.
      env: { ...process.env, NODE_OPTIONS: '' },
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: YOUNG_MIB },
    });
  } catch (error) {
    if (codeOf(error) !== 'ERR_ACCESS_DENIED') throw error;
    return undefined;
  }
}

/** The large parts of snapshots: copies, which are handed over. Earlier amounts may be shared, and are copied. */
function buffersOf({ captures }: ProfileJob): ArrayBuffer[] {
  return captures.flatMap(({ snapshot: { model, amounts } }) => [
    amounts.rows.buffer,
    ...[model.stacks, model.codes.frames, model.sites.plain, model.sites.natives, model.sites.sites].flatMap(
      ({ parents, frames }) => [parents.buffer, frames.buffer],
    ),
    model.codes.lineTables.bytes.buffer,
  ]);
}

function failureText(error: unknown): string {
  if (codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') return 'the profile takes too much memory';
  return `the profile could not be made: ${error instanceof Error ? error.message : String(error)}`;
}
