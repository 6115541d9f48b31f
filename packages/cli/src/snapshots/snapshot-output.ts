import { closeSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandError, fileError } from '../errors.js';
import { note } from '../io/note.js';
import { TemporaryFile } from '../outputs/temporary-file.js';
import { formatBytes } from '../text/quantity.js';
import { confirmOnTerminal, hasTerminal } from './confirm.js';

/** A snapshot has all texts of the program, secrets too. */
const OWNER_ONLY = 0o600;

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
 * Refuses what cannot be confirmed.
 *
 * @throws CommandError without a terminal and without `--yes`
 */
export function assertConfirmable(process: string, { isConfirmed }: TakeOptions): void {
  if (isConfirmed || hasTerminal()) return;
  throw new CommandError(
    `a heap snapshot stops ${process} for seconds; without a terminal to confirm that, --yes is needed`,
  );
}

/**
 * States the cost of a snapshot, and asks for consent.
 *
 * @param cost the cost in words
 * @param largest largest expected size of the file, in bytes
 * @throws CommandError (rejects) if the disk has too little space, or the answer is no
 */
export async function confirmCost(cost: string, largest: number, options: TakeOptions): Promise<void> {
  const folder = folderOf(options);
  note(cost);
  const free = freeBytes(folder);
  if (free < largest) {
    throw new CommandError(`${folder}: has ${formatBytes(free)} free, too little for the snapshot`);
  }
  if (!options.isConfirmed && !(await confirmOnTerminal('Take it?'))) {
    throw new CommandError('no snapshot was taken; the process was not stopped');
  }
}

/** Returns the folder that the snapshot goes to. */
export function folderOf({ output }: TakeOptions): string {
  return output === undefined ? tmpdir() : path.dirname(output);
}

/** The file that a snapshot is written to. If the command is killed, the next one removes a temporary file. */
export class SnapshotOutput {
  readonly #output: string | undefined;
  readonly #temporary: TemporaryFile;
  #failure: unknown;

  /** Creates the file. Throws CommandError. */
  constructor(options: TakeOptions) {
    const file = options.output ?? path.join(folderOf(options), 'heap snapshot');
    this.#output = options.output;
    try {
      this.#temporary = new TemporaryFile(file, OWNER_ONLY);
    } catch (cause) {
      throw fileError(file, cause);
    }
  }

  /** Appends bytes. Never throws: {@link finish} throws the first failure. */
  write(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#temporary.descriptor, bytes, done);
    } catch (cause) {
      this.#failure = cause;
    }
  }

  /** Ends the file. Throws CommandError if not all of it was written. */
  finish(): TakenSnapshot {
    const temporary = this.#temporary;
    const file = this.#output ?? temporary.path;
    try {
      if (this.#failure !== undefined) throw this.#failure;
      closeSync(temporary.descriptor);
      if (this.#output !== undefined) temporary.moveTo(this.#output);
    } catch (cause) {
      throw fileError(file, cause);
    }
    return {
      file,
      release: () => {
        if (this.#output === undefined) temporary.remove();
      },
    };
  }

  /** Removes the file, after a failure. */
  discard(): void {
    this.#temporary.remove();
  }
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
