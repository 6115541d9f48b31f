import nodeFs, { type Stats } from 'node:fs';
import path from 'node:path';
import { MAGIC } from '../memray/format/header.js';
import { readHeader } from '../memray/read/read-header.js';
import { ByteReader } from '../wire/byte-reader.js';
import { codeOf } from './capture-error.js';
import type { CaptureFs } from './capture-fs.js';
import { findOwnerNote, hasProcess, lifeOf, type OwnerLife } from './capture-owner.js';
import { type FileIdentity, isSameFile } from './find-capture.js';

/**
 * State of a capture:
 * - `writing`: a living process writes it
 * - `ended`: no process writes it any more
 * - `elsewhere`: a process of another container or machine writes it or has left it unfinished
 * - `empty`: it holds nothing, for example because a process was killed before its first write
 */
export type CaptureState = 'writing' | 'ended' | 'elsewhere' | 'empty';

export interface JudgedCapture {
  readonly state: CaptureState;
  readonly stats: Stats;
}

export interface JudgeOptions {
  readonly fs: CaptureFs;
  /** `threadId` of each thread of this process that has ended. */
  readonly endedThreads: readonly number[];
  /** Returns ms of a monotonic clock. */
  readonly steadyNow: () => number;
}

/** Bytes of the file that are read first. More are read, up to the limit, when the header is longer. */
const FIRST_HEAD_BYTES = 64 * 1024;
const MAX_HEAD_BYTES = 8 * 2 ** 20;
/** Maximum distance from the end of the header to the end of the note, in bytes. */
const MAX_NOTE_DISTANCE = 4096;
const LZ4_MAGIC: readonly number[] = [0x04, 0x22, 0x4d, 0x18];
/** Size of the header and end mark of an LZ4 frame: a file of this size holds no data. */
const EMPTY_FRAME_BYTES = 19;
/**
 * Time after which an unchanged capture of another container or machine counts as ended, in ms. Its writer would add a
 * record every few seconds. The time is measured by this process, not by comparing file times with a clock, because
 * clocks can be set.
 */
const STILL_MILLIS = 10 * 60_000;
const MAX_OBSERVED = 10_000;

/** Number of writers in this thread for each capture, by device and inode. */
const ownFiles = new Map<string, number>();
const observed = new Map<string, { readonly what: string; readonly sinceMillis: number }>();

const keyOf = ({ dev, ino }: FileIdentity) => `${dev}:${ino}`;

/** Registers that this thread writes a capture, until the returned function is called. */
export function noteOwnFile(identity: FileIdentity): () => void {
  const key = keyOf(identity);
  ownFiles.set(key, (ownFiles.get(key) ?? 0) + 1);
  let released = false;
  return () => {
    if (released) return;
    released = true;
    const left = (ownFiles.get(key) ?? 1) - 1;
    if (left > 0) ownFiles.set(key, left);
    else ownFiles.delete(key);
  };
}

/**
 * Returns the state of the capture at `file`, or undefined when there is none. A capture that may not be read belongs
 * to another user and counts as `elsewhere`.
 *
 * @param stats stats of the regular file at the path
 * @throws the error of the file system
 */
export function judgeCapture(file: string, stats: Stats, options: JudgeOptions): JudgedCapture | undefined {
  const state = stateOf(file, stats, options);
  if (state === undefined) return undefined;
  const isStill = state === 'elsewhere' && hasBeenStill(stats, options.steadyNow());
  return { state: isStill ? 'ended' : state, stats };
}

/** Returns whether this thread has seen the file unchanged for ten minutes. */
export function hasBeenStill(stats: Stats, nowMillis: number): boolean {
  const key = keyOf(stats);
  const what = `${stats.size} ${stats.mtimeMs}`;
  const known = observed.get(key);
  if (known?.what === what) return nowMillis - known.sinceMillis >= STILL_MILLIS;
  if (observed.size >= MAX_OBSERVED) observed.clear();
  observed.set(key, { what, sinceMillis: nowMillis });
  return false;
}

function stateOf(file: string, stats: Stats, options: JudgeOptions): CaptureState | undefined {
  const { fs, endedThreads } = options;
  if (ownFiles.has(keyOf(stats))) return 'writing';
  if (stats.size === 0) return 'empty';
  const head = readHead(fs, file, stats);
  if (head === 'gone') return undefined;
  if (head === 'unreadable') return 'elsewhere';
  if (isEmpty(head, stats.size)) return 'empty';
  if (!startsWith(head, MAGIC)) return 'ended';
  const note = findOwnerNote(head);
  if (note === undefined) return isWrittenUnnoted(head, stats) ? 'writing' : 'ended';
  if (note.state === 'written') return 'ended';
  const life = lifeOf(note.owner, endedThreads);
  return life === 'alive' ? 'writing' : life;
}

/** Returns whether the process that a file names as its writer is alive. Undefined when it names none. */
export function writerOf(
  file: string,
  stats: Stats,
  { fs, endedThreads }: JudgeOptions,
): OwnerLife | undefined {
  const head = readHead(fs, file, stats);
  const note = typeof head === 'string' ? undefined : findOwnerNote(head);
  return note && lifeOf(note.owner, endedThreads);
}

function readHead(fs: CaptureFs, file: string, stats: Stats): Uint8Array | 'gone' | 'unreadable' {
  let fd: number;
  try {
    fd = fs.openSync(file, 'r');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return 'gone';
    if (codeOf(cause) === 'EACCES' || codeOf(cause) === 'EPERM') return 'unreadable';
    throw cause;
  }
  try {
    if (!isSameFile(fs.fstatSync(fd), stats)) return 'gone';
    return readEnough(fs, fd, stats.size);
  } finally {
    fs.closeSync(fd);
  }
}

/** Reads until the header and the note after it are complete. A header is long when the command line in it is. */
function readEnough(fs: CaptureFs, fd: number, size: number): Uint8Array {
  for (let wanted = FIRST_HEAD_BYTES; ; wanted *= 4) {
    const bytes = new Uint8Array(Math.min(wanted, size));
    let length = 0;
    while (length < bytes.length) {
      const count = fs.readSync(fd, bytes, length, bytes.length - length, length);
      if (count === 0) break;
      length += count;
    }
    const head = bytes.subarray(0, length);
    const isAll = wanted >= size || wanted >= MAX_HEAD_BYTES || !startsWith(head, MAGIC);
    if (isAll || (headerOf(head)?.end ?? wanted) + MAX_NOTE_DISTANCE <= length) return head;
  }
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}

/** Returns whether a file is an LZ4 frame without data, or a truncated magic number. */
function isEmpty(head: Uint8Array, size: number): boolean {
  if (startsWith(head, LZ4_MAGIC)) return size <= EMPTY_FRAME_BYTES;
  return [MAGIC, LZ4_MAGIC].some((magic) => size < magic.length && startsWith(head, magic.slice(0, size)));
}

function headerOf(head: Uint8Array): { readonly pid: number; readonly end: number } | undefined {
  const reader = new ByteReader();
  reader.push(head);
  try {
    const header = readHeader(reader);
    return header && { pid: header.pid, end: reader.position };
  } catch {
    // Unknown format.
    return undefined;
  }
}

/** Returns whether a process that left no note has the capture open: memray's Python, or an older heapray. */
function isWrittenUnnoted(head: Uint8Array, stats: Stats): boolean {
  const pid = headerOf(head)?.pid ?? 0;
  if (!hasProcess(pid)) return false;
  try {
    const folder = `/proc/${pid}/fd`;
    return nodeFs.readdirSync(folder).some((name) => isLinkTo(path.join(folder, name), stats));
  } catch {
    // The descriptors cannot be listed: compare the user of the process with the owner of the file.
    const owner = statsOf(`/proc/${pid}`)?.uid;
    return owner === undefined ? pid !== process.pid : owner === stats.uid;
  }
}

function isLinkTo(link: string, identity: FileIdentity): boolean {
  const stats = statsOf(link);
  return stats !== undefined && isSameFile(stats, identity);
}

function statsOf(file: string): Stats | undefined {
  try {
    return nodeFs.statSync(file);
  } catch {
    return undefined;
  }
}
