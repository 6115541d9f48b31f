import { randomUUID } from 'node:crypto';
import { closeSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { attachTo, type Target } from '../attach/attach-to.js';
import { CommandError, fileError } from '../errors.js';
import { commandIo } from '../io/current-io.js';
import { note } from '../io/note.js';
import { removeQuietly } from '../io/process-io.js';
import { TemporaryFile } from '../outputs/temporary-file.js';
import { formatBytes } from '../text/quantity.js';
import { confirmOnTerminal, hasTerminal } from './confirm.js';

const MEGABYTE = 1e6;
/** A snapshot has all texts of the program, secrets too. */
const OWNER_ONLY = 0o600;
/** Pause for a megabyte of heap in use, in ms, as measured on an idle and on a busy machine. */
const PAUSE_MILLIS = [40, 350] as const;
/** Size of the file in multiples of the heap in use: less for long strings, more for many small objects. */
const FILE_SIZE = [0.5, 2] as const;
/** Memory that V8 needs for a snapshot besides, in multiples of the heap in use, as measured with small objects. */
const MEMORY = 9;

export interface TakeOptions {
  /** File to keep the snapshot in. By default it goes to a temporary file. */
  readonly output?: string | undefined;
  /** True to take it without a question. */
  readonly isConfirmed: boolean;
}

/** A snapshot on disk. */
export interface TakenSnapshot {
  readonly file: string;
  /** Removes a temporary file. */
  release(): void;
}

/**
 * Takes a heap snapshot of a running process, after a question: it stops the process for seconds. The snapshot goes to
 * disk as it arrives.
 *
 * @throws CommandError (rejects) if the process cannot be attached to, the answer is no, or the file cannot be written
 */
export async function takeSnapshot(pid: number, options: TakeOptions): Promise<TakenSnapshot> {
  if (!options.isConfirmed && !hasTerminal()) {
    throw new CommandError(
      `a heap snapshot stops process ${pid} for seconds; without a terminal to confirm that, --yes is needed`,
    );
  }
  const file = options.output ?? path.join(tmpdir(), `heapray-${pid}-${randomUUID()}.heapsnapshot`);
  const target = await attachTo(pid);
  try {
    await confirmCost(target, path.dirname(file), options.isConfirmed);
    await writeSnapshot(target, file);
  } finally {
    await target.detach();
  }
  if (options.output !== undefined) return { file, release: () => {} };
  const keep = commandIo().removeAtEnd(file);
  return {
    file,
    release: () => {
      removeQuietly(file);
      keep();
    },
  };
}

/** States what the snapshot costs, and asks for consent. */
async function confirmCost(target: Target, folder: string, isConfirmed: boolean): Promise<void> {
  const { usedSize } = (await target.post('Runtime.getHeapUsage')) as { usedSize: number };
  const largest = usedSize * FILE_SIZE[1];
  const free = freeBytes(folder);
  const [least, most] = PAUSE_MILLIS.map((millis) => seconds((usedSize / MEGABYTE) * millis));
  note(
    `process ${target.pid} has ${formatBytes(usedSize)} of heap in use. A heap snapshot stops it for ${least} to ${most} s, ` +
      `takes up to ${formatBytes(Math.round(usedSize * MEMORY))} more of its memory meanwhile, and ` +
      `${formatBytes(Math.round(usedSize * FILE_SIZE[0]))} to ${formatBytes(Math.round(largest))} in ${folder}`,
  );
  if (free < largest) {
    throw new CommandError(`${folder}: has ${formatBytes(free)} free, too little for the snapshot`);
  }
  if (!isConfirmed && !(await confirmOnTerminal('Take it?'))) {
    throw new CommandError(`no snapshot was taken; process ${target.pid} was not stopped`);
  }
}

async function writeSnapshot(target: Target, file: string): Promise<void> {
  let temporary: TemporaryFile;
  try {
    temporary = new TemporaryFile(file, OWNER_ONLY);
  } catch (cause) {
    throw fileError(file, cause);
  }
  let failure: unknown;
  target.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }: { chunk: string }) => {
    try {
      if (failure === undefined) writeText(temporary.descriptor, chunk);
    } catch (cause) {
      failure = cause;
    }
  });
  const started = performance.now();
  try {
    await target.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
    if (failure !== undefined) throw fileError(file, failure);
    closeSync(temporary.descriptor);
    temporary.moveTo(file);
  } catch (error) {
    temporary.remove();
    throw error;
  }
  note(`took a heap snapshot of process ${target.pid} in ${seconds(performance.now() - started)} s`);
}

function writeText(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function seconds(millis: number): string {
  return (millis / 1000).toFixed(1);
}

/** Returns the free space of a file system in bytes; infinite if it is unknown. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
