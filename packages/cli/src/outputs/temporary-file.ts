import { createHash, randomUUID } from 'node:crypto';
import { lstatSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { commandIo } from '../io/current-io.js';
import { removeQuietly } from '../io/process-io.js';

/** Name of a temporary file: machine, process ID, start of the process, random number. */
const NAME = /^\.heapray-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}\.tmp$/;
/** Age after which a file of another machine counts as abandoned, in ms: a writer would have added to it. */
const ABANDONED_MILLIS = 24 * 60 * 60 * 1000;

/**
 * A file that is written beside its target and moved there when it is complete. If the command ends before, the file is
 * removed. If the command is killed, the next command that writes to the same folder removes it.
 */
export class TemporaryFile {
  readonly descriptor: number;
  readonly #path: string;
  readonly #keep: () => void;

  /**
   * Creates the file.
   *
   * @param target final path of the file
   * @param mode permissions of the file
   * @throws the system's error when it cannot be created
   */
  constructor(target: string, mode: number) {
    const folder = path.dirname(target);
    removeAbandoned(folder);
    const random = randomUUID().slice(0, 8);
    this.#path = path.join(
      folder,
      `.heapray-${machine()}-${process.pid}-${startOf(process.pid)}-${random}.tmp`,
    );
    this.#keep = commandIo().removeAtEnd(this.#path);
    try {
      this.descriptor = openSync(this.#path, 'wx', mode);
    } catch (error) {
      this.#keep();
      throw error;
    }
  }

  /** Path of the file until it is moved. */
  get path(): string {
    return this.#path;
  }

  /** Moves the file, which must be closed, to its target. Throws the system's error. */
  moveTo(target: string): void {
    renameSync(this.#path, target);
    this.#keep();
  }

  remove(): void {
    removeQuietly(this.#path);
    this.#keep();
  }
}

/** Removes files of commands that have ended. Ignores files that cannot be inspected or removed. */
function removeAbandoned(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    const [, of, pid, start] = NAME.exec(name) ?? [];
    const file = path.join(folder, name);
    if (of === undefined || !isAbandoned(file, of, Number(pid), Number(start))) continue;
    removeQuietly(file);
  }
}

function isAbandoned(file: string, of: string, pid: number, start: number): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) return false;
  // Process IDs are meaningless for another machine, or for this one before its last restart.
  if (of !== machine()) return Date.now() - stats.mtimeMs > ABANDONED_MILLIS;
  if (!isRunning(pid)) return true;
  // The start of a process may be hidden from other users: then it counts as the writer.
  const started = startOf(pid);
  return started !== 0 && start !== 0 && started !== start;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns the start of a process, in ticks since the machine started; 0 when unknown. */
function startOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in parentheses, may contain any character.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return 0;
  }
}

let known: string | undefined;

/** Returns an ID of this machine (since its start) and container, to distinguish others that use the same folder. */
function machine(): string {
  known ??= createHash('sha256').update(machineFacts()).digest('hex').slice(0, 8);
  return known;
}

function machineFacts(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
