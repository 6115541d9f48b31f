import nodeFs, { type Stats } from 'node:fs';
import path from 'node:path';
import { MAGIC } from '../memray/header.js';
import { readHeader } from '../memray/read-header.js';
import { ByteReader } from '../wire/byte-reader.js';
import { codeOf } from './capture-error.js';
import type { CaptureFs } from './capture-fs.js';
import { findOwnerNote, hasProcess, lifeOf, type OwnerLife } from './capture-owner.js';
import { type FileIdentity, isSameFile } from './find-capture.js';

/**
 * - `writing`: a living process writes it
 * - `ended`: nobody writes it any more
 * - `elsewhere`: it was not finished, by a process of another container or machine: only time can tell
 * - `empty`: nothing is in it, as when a process was killed before it wrote anything
 */
export type CaptureState = 'writing' | 'ended' | 'elsewhere' | 'empty';

export interface JudgedCapture {
  readonly state: CaptureState;
  readonly stats: Stats;
}

export interface JudgeOptions {
  readonly fs: CaptureFs;
  /** Threads of this process that have ended, by their `threadId`. */
  readonly endedThreads: readonly number[];
  /** Milliseconds on a clock that nobody sets. */
  readonly steadyNow: () => number;
}

/** Bytes that are read at first; more where a header is longer, up to the limit. */
const FIRST_HEAD_BYTES = 64 * 1024;
const MAX_HEAD_BYTES = 8 * 2 ** 20;
/** The note ends before so many bytes after the header. */
const MAX_NOTE_DISTANCE = 4096;
const LZ4_MAGIC: readonly number[] = [0x04, 0x22, 0x4d, 0x18];
/** The header and the end mark of an LZ4 frame: one of this size holds nothing. */
const EMPTY_FRAME_BYTES = 19;
/**
 * A capture from elsewhere that has not changed for so long, while this process looked on, is nobody's any more: its
 * writer adds a record every few seconds. Its times are not compared with a clock, because clocks are set.
 */
const STILL_MILLIS = 10 * 60_000;
const MAX_OBSERVED = 10_000;

/** The captures that this thread is writing, by device and number. */
const ownFiles = new Map<string, number>();
const observed = new Map<string, { readonly what: string; readonly sinceMillis: number }>();

const keyOf = ({ dev, ino }: FileIdentity) => `${dev}:${ino}`;

/** Notes that this thread writes a capture, until the returned function is called. */
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
 * Tells who writes the capture at `file`; undefined when there is none. A capture that may not be read is one of
 * somebody else, and taken for `elsewhere`.
 *
 * @param stats what is known to be there: a regular file
 * @throws what the file system throws
 */
export function judgeCapture(file: string, stats: Stats, options: JudgeOptions): JudgedCapture | undefined {
  const state = stateOf(file, stats, options);
  if (state === undefined) return undefined;
  const isStill = state === 'elsewhere' && hasBeenStill(stats, options.steadyNow());
  return { state: isStill ? 'ended' : state, stats };
}

/** Whether a file has not changed for ten minutes, as this thread has seen. */
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

/** Whether the process that a file names as its writer lives; undefined when it names none. */
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

/** A command line may be long: reads on until the header and the note behind it are there. */
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

/** An LZ4 frame without data, or a magic number that was cut. */
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
    // A format that is not known here.
    return undefined;
  }
}

/** Whether the process of that number, which left no note, has the capture open: memray's Python, or an older heapray. */
function isWrittenUnnoted(head: Uint8Array, stats: Stats): boolean {
  const pid = headerOf(head)?.pid ?? 0;
  if (!hasProcess(pid)) return false;
  try {
    const folder = `/proc/${pid}/fd`;
    return nodeFs.readdirSync(folder).some((name) => isLinkTo(path.join(folder, name), stats));
  } catch {
    // It may not be looked at, or there is nothing to look at: then its user must do.
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
