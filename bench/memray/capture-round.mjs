// Takes a capture apart, so that its records can be written repeatedly (long-capture.mjs).
import { MemrayConverter, RecordStream } from '@heapray/exporter/memray';

const DEALLOCATORS = new Set([1, 5, 15]);
const MMAP = 14;
const FREE = 5;
const MUNMAP = 15;
const TWO_32 = 2 ** 32;

/**
 * Cuts a finished capture of format 12 or 13, with all allocations and without native stacks, into its header, its
 * declarations of functions, and all other records; and returns what these leave behind.
 */
export function readRound(bytes) {
  const plain = uncompressed(bytes);
  const gathered = new Leftovers();
  const stream = new RecordStream(gathered);
  const declarations = [];
  const rest = [];
  let header;
  let start = 0;
  let lastPointer = 0;
  // Feed byte by byte, so that each event is known to come from these bytes.
  for (let at = 0; at < plain.length && !stream.stopped; at++) {
    stream.push(plain.subarray(at, at + 1));
    if (stream.offset === start || stream.complete) continue;
    const record = plain.subarray(start, stream.offset);
    if (isMiss(record[0])) lastPointer = Math.floor(gathered.address / 8);
    if (start === 0) header = record;
    else (gathered.declares() ? declarations : rest).push(record);
    start = stream.offset;
  }
  if (!stream.complete) throw new Error('the capture to repeat is not whole');
  return {
    header,
    declarations: Buffer.concat(declarations),
    records: Buffer.concat(rest),
    events: gathered.events,
    threads: gathered.threads(),
    leftovers: gathered.alive(),
    lastPointer,
  };
}

/** Returns whether a record with this first byte holds an address as a difference to the one before. */
function isMiss(token) {
  return (token & 0xf8) === 0xf8;
}

function uncompressed(bytes) {
  const converter = new MemrayConverter(13);
  converter.push(bytes);
  converter.end();
  return Buffer.from(converter.take());
}

/** Collects what a capture leaves behind: frames on the stacks of its threads, and live allocations. */
class Leftovers {
  #declared = false;
  #depths = new Map();
  #thread;
  #alive = new Map();
  events = 0;
  /** Address of the last allocation or deallocation. */
  address = 0;

  /** Returns whether the record since the last call declared a function. */
  declares() {
    const declared = this.#declared;
    this.#declared = false;
    return declared;
  }

  threads() {
    return [...this.#depths.values()];
  }

  alive() {
    return [...this.#alive.values()];
  }

  contextSwitch(high, low) {
    const id = `${high},${low}`;
    this.#thread = this.#depths.get(id) ?? { high, low, depth: 0 };
    this.#depths.set(id, this.#thread);
  }

  push() {
    this.#thread.depth += 1;
  }

  pop(count) {
    this.#thread.depth -= count;
  }

  /** Takes mappings that are unmapped in part as gone: the benchmark needs realistic work, not exact figures. */
  allocation(high, low, size, allocator) {
    this.events += 1;
    const key = `${high},${low}`;
    this.address = high * TWO_32 + low;
    if (DEALLOCATORS.has(allocator)) this.#alive.delete(key);
    else {
      this.#alive.set(key, { address: this.address, size, deallocator: allocator === MMAP ? MUNMAP : FREE });
    }
  }

  codeObject() {
    this.#declared = true;
  }

  header() {}
  threadName() {}
  memoryRecord() {}
  frame11() {}
  object() {}
  trailer() {}
}
