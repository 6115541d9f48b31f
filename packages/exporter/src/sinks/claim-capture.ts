import { CaptureError, codeOf } from './capture-error.js';
import { capturePath, processCapturePath } from './capture-names.js';
import type { FileIdentity } from './find-capture.js';
import { type JudgeOptions, judgeCapture } from './judge-capture.js';
import { moveAway, regularFileAt } from './rotate-capture.js';
import { TemporaryCapture } from './temporary-capture.js';

export interface ClaimOptions extends JudgeOptions {
  readonly folder: string;
  readonly component: string;
  /** Returns ms since the Unix epoch, for the name of a capture that is moved away. */
  readonly now: () => number;
  /** The path that this process used before. It is tried first. */
  readonly preferred?: string | undefined;
}

export interface ClaimedCapture {
  readonly path: string;
  readonly fd: number;
  readonly identity: FileIdentity;
}

/** Limit for retries. Another process may create a capture between our check and our open, but hardly this often. */
const MAX_ATTEMPTS = 10;
/** Limit for names with the same process ID: this many containers on one volume may share an ID. */
const MAX_NAMES = 1000;
/** Time after which an empty capture counts as such, in ms. Without hard links every capture is empty for a moment. */
const EMPTY_MILLIS = 100;
/** Codes of a leftover that may not be moved. It stays where it is, and the new capture gets another name. */
const NOT_ALLOWED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EBUSY']);

/**
 * Begins a capture with `head`, so that it is never seen without it. The name is `<component>_memory.bin`. It contains
 * the process ID while another living process, or one of another container or machine, has the first name. Captures of
 * ended processes are moved away. Nothing is ever overwritten, even when several processes do this at once.
 *
 * @throws CaptureError when the file system refuses; then no file is left behind
 */
export function claimCapture(options: ClaimOptions, head: Uint8Array): ClaimedCapture {
  const { fs, folder, component } = options;
  const first = capturePath(folder, component);
  // Write before anything is moved, so that a full disk does not cost an older capture.
  const temporary = attempt(first, () => TemporaryCapture.beside(first, fs));
  try {
    attempt(first, () => temporary.write(head));
    let problem: unknown;
    for (const place of places(options)) {
      try {
        const claimed = claimPlace(place, temporary, options);
        if (claimed !== undefined) return claimed;
      } catch (error) {
        if (!NOT_ALLOWED.has(codeOf((error as CaptureError).cause))) throw error;
        if (problem !== undefined) throw problem;
        problem = error;
      }
    }
    throw problem ?? new CaptureError(first, 'open', 'no free name');
  } finally {
    temporary.discard();
  }
}

function* places({ folder, component, preferred }: ClaimOptions): Generator<string> {
  if (preferred !== undefined) yield preferred;
  yield capturePath(folder, component);
  for (let n = 1; n <= MAX_NAMES; n += 1) yield processCapturePath(folder, component, process.pid, n);
}

/** Returns undefined when another process has the place. */
function claimPlace(
  place: string,
  temporary: TemporaryCapture,
  options: ClaimOptions,
): ClaimedCapture | undefined {
  for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts += 1) {
    if (!clear(place, options)) return undefined;
    const claimed = attempt(place, () => temporary.moveTo(place));
    if (claimed !== undefined) return { path: place, ...claimed };
  }
  throw new CaptureError(place, 'open', 'others take its name all the time', {
    cause: Object.assign(new Error(), { code: 'EEXIST' }),
  });
}

/** Moves away the file at a place. Returns whether the place is free afterwards. */
function clear(place: string, options: ClaimOptions): boolean {
  const { fs, component, now } = options;
  let wasEmpty = false;
  for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts += 1) {
    const stats = regularFileAt(fs, place);
    const judged = stats && attempt(place, () => judgeCapture(place, stats, options));
    if (judged === undefined) return true;
    if (judged.state === 'writing' || judged.state === 'elsewhere') return false;
    if (judged.state === 'ended') moveAway(fs, place, component, now(), judged.stats);
    else if (wasEmpty) attempt(place, () => fs.unlinkSync(place));
    else wait(EMPTY_MILLIS);
    wasEmpty = judged.state === 'empty';
  }
  return true;
}

function wait(millis: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
}

function attempt<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof CaptureError) throw cause;
    throw CaptureError.from(file, 'open', cause);
  }
}
