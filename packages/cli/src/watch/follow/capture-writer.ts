import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { MemrayHeader } from '@heapray/exporter/memray';
import { codeOf } from '../../errors.js';
import type { DescendantMemory } from './process-table.js';

/** A capture whose writer is searched. */
export interface WrittenCapture {
  readonly header: MemrayHeader;
  /** Device and inode of the followed file. */
  readonly dev: number;
  readonly ino: number;
}

/** Clock ticks per second in `/proc`: equal on every architecture. */
const TICKS_PER_SECOND = 100;
/**
 * Tolerance for the start time of a process, in ms: the boot time is in whole seconds, and the clock may have been
 * adjusted.
 */
const START_TOLERANCE_MILLIS = 5_000;
/** Mask of the access mode in the flags of an open file. */
const ACCESS_MODE = 0o3;
/** Maximum number of processes remembered as not the writer. */
const MAX_REJECTED = 10_000;

/** The process that writes a capture. */
export interface CaptureWriter {
  /** Searches the process. Returns true if it is alive and visible on this machine. */
  find(capture: WrittenCapture): boolean;
  /** Memory of the processes it started; undefined if it was not found. */
  readonly children: DescendantMemory | undefined;
}

/** The visible processes. */
export interface Processes {
  withNamespacePid(pid: number): readonly number[];
  descendantsOf(pid: number): DescendantMemory | undefined;
}

/**
 * Finds the process that writes a capture, and remembers it.
 *
 * The process ID in the header proves nothing by itself: it may have been reused, or belong to another PID namespace,
 * where every first process is number 1. The process must have the capture open for writing. If its open files cannot
 * be read (another user), it must have started before the capture, and its command line must contain the same program.
 */
export class ProcessWriter implements CaptureWriter {
  readonly #processes: Processes;
  #file: OpenFile | undefined;
  #pid: number | undefined;
  readonly #rejected: Set<number> = new Set();
  #rejectedFor = '';

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  get children(): DescendantMemory | undefined {
    return this.#pid === undefined ? undefined : this.#processes.descendantsOf(this.#pid);
  }

  find(capture: WrittenCapture): boolean {
    if (this.#file !== undefined && isOpenIn(this.#file, capture)) return true;
    this.#file = undefined;
    this.#forgetRejectedFor(`${capture.dev} ${capture.ino}`);
    const { pid } = capture.header;
    const candidates = [pid, ...this.#processes.withNamespacePid(pid)];
    this.#pid = candidates.find((each) => !this.#rejected.has(each) && this.#isWriter(each, capture));
    return this.#pid !== undefined;
  }

  #isWriter(pid: number, capture: WrittenCapture): boolean {
    if (!isOtherProcess(pid)) return false;
    const found = openFileOf(pid, capture);
    if (found === 'unknown') return isPlausibleWriter(pid, capture.header);
    // The writer opens the file once, so a process that does not have it open now never will.
    if (found === 'none') this.#rejected.add(pid);
    else this.#file = found;
    return found !== 'none';
  }

  #forgetRejectedFor(key: string): void {
    if (this.#rejectedFor !== key || this.#rejected.size > MAX_REJECTED) this.#rejected.clear();
    this.#rejectedFor = key;
  }
}

interface OpenFile {
  readonly pid: number;
  readonly fd: string;
}

function isOtherProcess(pid: number): boolean {
  if (pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Returns the descriptor with which a process writes a capture; `unknown` if its open files cannot be read. */
function openFileOf(pid: number, capture: WrittenCapture): OpenFile | 'none' | 'unknown' {
  try {
    const fd = readdirSync(`/proc/${pid}/fd`).find((each) => isOpenIn({ pid, fd: each }, capture));
    return fd === undefined ? 'none' : { pid, fd };
  } catch {
    return 'unknown';
  }
}

function isOpenIn({ pid, fd }: OpenFile, { dev, ino }: WrittenCapture): boolean {
  try {
    const found = statSync(`/proc/${pid}/fd/${fd}`);
    return found.ino === ino && found.dev === dev && isOpenForWriting(pid, fd);
  } catch {
    return false;
  }
}

function isOpenForWriting(pid: number, fd: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'));
  return flags !== null && (Number.parseInt(flags[1]!, 8) & ACCESS_MODE) !== 0;
}

/**
 * Returns whether the process with this ID may be the program of a capture: it started before the capture, and its
 * command line contains the same program.
 */
export function isPlausibleWriter(pid: number, header: MemrayHeader): boolean {
  try {
    const started = startMillisOf(pid);
    if (started > header.startTimeMillis + START_TOLERANCE_MILLIS) return false;
    return namesProgram(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), header.commandLine);
  } catch {
    // Without a readable /proc, it is only known that a process with this ID is alive.
    return process.platform !== 'linux';
  }
}

/**
 * Returns the start of a process, in ms since the Unix epoch.
 *
 * @throws Error of the file system, or for an unknown format of `/proc`
 */
function startMillisOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name of the program, in parentheses, may contain any character. The start time is the 20th field after it.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]);
  if (!Number.isFinite(ticks) || !Number.isFinite(boot)) throw new Error('/proc cannot be parsed');
  return boot * 1000 + (ticks * 1000) / TICKS_PER_SECOND;
}

/**
 * Returns whether a process has the program's name in its command line. Programs that set their title keep it, as
 * `airflow scheduler -- ...` does.
 */
function namesProgram(processCommand: string, captureCommand: string): boolean {
  const program = path.basename(captureCommand.split(' ', 1)[0]!);
  return program !== '' && processCommand.includes(program);
}
