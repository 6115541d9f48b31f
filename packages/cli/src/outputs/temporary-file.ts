import { createHash, randomUUID } from 'node:crypto';
import { lstatSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { commandIo } from '../io/command-io.js';
import { removeQuietly } from '../io/process-io.js';

/** Machine, process, when that was started, and something random. */
const NAME = /^\.heapray-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}\.tmp$/;
/** Nobody writes one file for so long without adding to it. */
const ABANDONED_MILLIS = 24 * 60 * 60 * 1000;

/**
 * A file that is written beside its place and put there when it is whole. Whatever ends the command before that has it
 * removed; of one that was killed by force, the next command that writes in the same folder removes it.
 */
export class TemporaryFile {
  readonly descriptor: number;
  readonly #path: string;
  readonly #keep: () => void;

  /**
   * @param mode permissions of the file
   * @throws the system's error, when it cannot be made
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

  /** Puts the file, which must be closed, in its place. Throws the system's error. */
  moveTo(target: string): void {
    renameSync(this.#path, target);
    this.#keep();
  }

  remove(): void {
    removeQuietly(this.#path);
    this.#keep();
  }
}

/** Removes files of commands that are no more. What cannot be found out about, or removed, is left alone. */
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
  // Of another machine, or this one before it was started anew, process numbers say nothing.
  if (of !== machine()) return Date.now() - stats.mtimeMs > ABANDONED_MILLIS;
  return !isRunning(pid) || startOf(pid) !== start;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process was started, in ticks since the machine was; 0 where that is not known. */
function startOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in parentheses, may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return 0;
  }
}

let known: string | undefined;

/** Tells this machine since its start, and this container, from others that may use the same folder. */
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
