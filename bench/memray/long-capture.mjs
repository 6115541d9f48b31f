// Makes a long capture from a short one by repeating its records, as of a program that does the same work all
// day. Functions are declared once. Allocations that a round leaves alive get addresses of their own and are freed by a
// later round, so that after some rounds the number of live allocations is constant.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readRound } from './capture-round.mjs';

/** `1 1111 aaa`: an allocation or deallocation whose address follows. */
const TAG_MISSED = 0x80 | (15 << 3);
const FREE = 5;
const MUNMAP = 15;
const CONTEXT_SWITCH = 0x0c;
const TAG_POP = 0x10;
const MAX_POP = 16;
const TRAILER = 0x01;
/** Distance between the addresses of two rounds: more than the heap of one, less than the distance from heap to mappings. */
const SHIFT = 2 ** 36;
const MAX_SLOTS = 256;
const FLUSH_BYTES = 1 << 20;

/**
 * Writes an uncompressed capture of at least `streamBytes` to `file`.
 * @param live number of allocations to keep alive, unless one round leaves more than that
 * @returns the capture's bytes and rounds, and its numbers of allocations and deallocations
 */
export function writeLongCapture({ source, file, streamBytes, live }) {
  const round = readRound(readFileSync(source));
  const kept = Math.max(1, Math.round(live / Math.max(1, round.leftovers.length)));
  if (kept >= MAX_SLOTS) throw new Error(`a round leaves too little alive for ${live}`);
  const rounds = new RoundWriter(file, round);
  while (rounds.bytes < streamBytes) rounds.write(kept);
  return rounds.finish();
}

class RoundWriter {
  #descriptor;
  #parts = [];
  #pending = 0;
  #round;
  #rounds = 0;
  #events = 0;
  /** The pointer (address / 8) from which the next one is written as a difference. */
  #pointer = 0;
  bytes = 0;

  constructor(file, round) {
    this.#descriptor = openSync(file, 'w');
    this.#round = round;
    this.#put(round.header);
    this.#put(round.declarations);
    this.#put(contextSwitch(round.threads[0]));
  }

  write(kept) {
    const { records, events, threads, leftovers, lastPointer } = this.#round;
    const baseOf = (number) => (number % (kept + 1)) * SHIFT;
    const oldest = this.#rounds - kept;
    if (oldest >= 0) {
      for (const { address, size, deallocator } of leftovers)
        this.#gone(address + baseOf(oldest), size, deallocator);
    }
    // A free of address 0 resets the base of the addresses: the first address of a round is a difference to 0.
    const base = baseOf(this.#rounds);
    this.#gone(base, 0, FREE);
    this.#put(records);
    this.#pointer = base / 8 + lastPointer;
    for (const thread of threads) this.#unwind(thread);
    this.#rounds += 1;
    this.#events += events;
  }

  finish() {
    this.#put(Buffer.of(TRAILER));
    this.#flush();
    closeSync(this.#descriptor);
    return { bytes: this.bytes, rounds: this.#rounds, events: this.#events };
  }

  #gone(address, size, deallocator) {
    const pointer = address / 8;
    const bytes = [TAG_MISSED | (deallocator & 7)];
    if (deallocator === MUNMAP) bytes[0] = TAG_MISSED;
    addSigned(bytes, pointer - this.#pointer);
    if (deallocator === MUNMAP) {
      bytes.push(MUNMAP);
      addNumber(bytes, size);
    }
    this.#pointer = pointer;
    this.#events += 1;
    this.#put(Buffer.from(bytes));
  }

  #unwind(thread) {
    if (thread.depth === 0) return;
    this.#put(contextSwitch(thread));
    for (let left = thread.depth; left > 0; left -= MAX_POP)
      this.#put(Buffer.of(TAG_POP | (Math.min(left, MAX_POP) - 1)));
  }

  #put(bytes) {
    this.#parts.push(bytes);
    this.#pending += bytes.length;
    this.bytes += bytes.length;
    if (this.#pending >= FLUSH_BYTES) this.#flush();
  }

  #flush() {
    const all = Buffer.concat(this.#parts);
    for (let done = 0; done < all.length; ) done += writeSync(this.#descriptor, all, done);
    this.#parts = [];
    this.#pending = 0;
  }
}

function contextSwitch({ high, low }) {
  const bytes = Buffer.alloc(9);
  bytes[0] = CONTEXT_SWITCH;
  bytes.writeUInt32LE(low, 1);
  bytes.writeUInt32LE(high, 5);
  return bytes;
}

/** Appends a signed number: zigzag, then LEB128. */
function addSigned(bytes, value) {
  addNumber(bytes, value < 0 ? -value * 2 - 1 : value * 2);
}

/** Appends an integer up to 2^53 as LEB128. */
function addNumber(bytes, value) {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}
