import type { NativeMapping } from '../profile/index.js';
import { FormatError } from '../wire/errors.js';

/** Number of objects and bytes. Estimates, with fractions. */
export interface DumpAmount {
  readonly objects: number;
  readonly bytes: number;
}

/** One call stack of a dump. */
export interface DumpStack {
  /** Return addresses, the innermost first. */
  readonly addresses: readonly number[];
  readonly inUse: DumpAmount;
  /** All that was ever allocated; zero if jemalloc ran without `prof_accum`. */
  readonly allocated: DumpAmount;
  /** Threads that have allocated at least `holderBytes` here, or have them in use. */
  readonly holders: readonly DumpHolder[];
}

/** A thread, and what it has allocated on one stack. */
export interface DumpHolder {
  /** jemalloc's number of the thread. */
  readonly thread: string;
  readonly inUse: DumpAmount;
  readonly allocated: DumpAmount;
}

export interface DumpOptions {
  /** Bytes from which a thread is named, see {@link DumpStack.holders}. Default: none is. */
  readonly holderBytes?: number;
}

/** A heap dump of jemalloc. */
export interface JemallocDump {
  /** Mean number of allocated bytes between two samples. */
  readonly samplingInterval: number;
  readonly stacks: readonly DumpStack[];
  /** Executable mappings of the process, in ascending order. */
  readonly mappings: readonly NativeMapping[];
}

/** Largest dump that is read, in bytes. A dump of a Node process has some 100 KB. */
export const MAX_DUMP_BYTES: number = 2 ** 26;
/** Number of stacks, of frames per stack (jemalloc has 128) and of mappings that a dump may have. */
const MAX_STACKS = 50_000;
const MAX_FRAMES = 1024;
const MAX_MAPPINGS = 100_000;

const FORMAT = 'heap dump of jemalloc';
const HEADER = /^heap_v2\/(\d{1,15})$/;
const AMOUNTS = /^ {2}t\*: (\d{1,16}): (\d{1,16}) \[(\d{1,16}): (\d{1,16})\]$/;
const STACK = /^@(?: 0x[\da-f]{1,16})+$/;
const MAPPING = /^([\da-f]{1,16})-([\da-f]{1,16}) ([-rwxsp]{4}) ([\da-f]{1,16}) \S+ \d+ +(\/.*)$/;
const THREAD = /^ {2}t(\d{1,16}): (\d{1,16}): (\d{1,16}) \[(\d{1,16}): (\d{1,16})\]$/;
const LIBRARIES = 'MAPPED_LIBRARIES:';

/**
 * Reads a heap dump of jemalloc, format `heap_v2`. Each amount is what the samples stand for, see {@link estimated}.
 *
 * @throws FormatError when the bytes are not a whole dump, or beyond the limits
 */
export function readHeapDump(bytes: Uint8Array, { holderBytes = Infinity }: DumpOptions = {}): JemallocDump {
  if (bytes.length > MAX_DUMP_BYTES) throw new FormatError(FORMAT, `more than ${MAX_DUMP_BYTES} bytes`);
  const lines = new Lines(bytes);
  const samplingInterval = Number(HEADER.exec(lines.next() ?? '')?.[1] ?? 0);
  if (samplingInterval === 0) throw new FormatError(FORMAT, 'no header of heap_v2');
  const stacks: DumpStack[] = [];
  let line = lines.next();
  while (line !== undefined && line !== LIBRARIES) {
    if (!line.startsWith('@')) {
      line = lines.next();
      continue;
    }
    if (stacks.length === MAX_STACKS) throw new FormatError(FORMAT, `more than ${MAX_STACKS} stacks`);
    const amounts = AMOUNTS.exec(lines.next() ?? '');
    if (!STACK.test(line) || amounts === null) throw invalid(lines);
    const [inUse, allocated] = amountsOf(amounts.slice(1), samplingInterval);
    const addresses = addressesIn(line);
    const holders: DumpHolder[] = [];
    for (line = lines.next(); line?.startsWith('  t'); line = lines.next()) {
      const [, thread, ...numbers] = THREAD.exec(line) ?? [];
      if (thread === undefined) throw invalid(lines);
      const [inUse, allocated] = amountsOf(numbers, samplingInterval);
      if (Math.max(inUse.bytes, allocated.bytes) >= holderBytes) holders.push({ thread, inUse, allocated });
    }
    stacks.push({ addresses, inUse, allocated, holders });
  }
  if (line === undefined) throw new FormatError(FORMAT, 'cut before its list of libraries');
  return { samplingInterval, stacks, mappings: mappingsIn(lines) };
}

/**
 * Returns what sampled objects stand for. An object of s bytes is sampled with the probability 1 - e^(-s/R), because
 * jemalloc samples bytes as a Poisson process with mean distance R. Source: `AdjustSamples` of jemalloc's `jeprof`.
 * With `prof_unbias` (default since jemalloc 5.3), the dump holds numbers for which the result is exact also for
 * stacks with objects of several sizes.
 */
export function estimated(objects: number, bytes: number, samplingInterval: number): DumpAmount {
  if (objects === 0 || bytes === 0) return { objects: 0, bytes: 0 };
  const probability = -Math.expm1(-bytes / objects / samplingInterval);
  return { objects: objects / probability, bytes: bytes / probability };
}

/** Returns what is in use and what was allocated, from the four numbers of a line. */
function amountsOf(numbers: readonly string[], samplingInterval: number): readonly [DumpAmount, DumpAmount] {
  const [objects = 0, bytes = 0, allObjects = 0, allBytes = 0] = numbers.map(Number);
  return [estimated(objects, bytes, samplingInterval), estimated(allObjects, allBytes, samplingInterval)];
}

function addressesIn(line: string): readonly number[] {
  const words = line.split(' ', MAX_FRAMES + 1);
  // Addresses of programs are below 2^53.
  return words
    .slice(1)
    .map(Number)
    .filter((address) => Number.isSafeInteger(address) && address > 0);
}

/** Returns the executable mappings of files in the rest of a dump, which is a copy of /proc/self/maps. */
function mappingsIn(lines: Lines): readonly NativeMapping[] {
  const mappings: NativeMapping[] = [];
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    const [, first = '', last = '', rights = '', offset = '', file = ''] = MAPPING.exec(line) ?? [];
    if (!rights.includes('x')) continue;
    if (mappings.length === MAX_MAPPINGS) throw new FormatError(FORMAT, `more than ${MAX_MAPPINGS} mappings`);
    const [start, limit, fileOffset] = [first, last, offset].map((digits) => Number.parseInt(digits, 16));
    if (!(start! < limit!) || !Number.isSafeInteger(limit) || !Number.isSafeInteger(fileOffset)) continue;
    mappings.push({
      path: file,
      start: start!,
      limit: limit!,
      ...(fileOffset! > 0 && { fileOffset: fileOffset! }),
    });
  }
  return mappings.sort((a, b) => a.start - b.start);
}

function invalid(lines: Lines): FormatError {
  return new FormatError(FORMAT, `line ${lines.count} is not valid`);
}

/** Lines of a text, one at a time. */
class Lines {
  readonly #text: string;
  #at = 0;
  count = 0;

  constructor(bytes: Uint8Array) {
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }

  /** Returns the next line; undefined at the end. */
  next(): string | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const found = this.#text.indexOf('\n', this.#at);
    const end = found < 0 ? this.#text.length : found;
    const line = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    this.count += 1;
    return line;
  }
}
