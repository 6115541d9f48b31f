// Seeded damage to captures.
import type { Random } from '../../packages/exporter/test/memray/support/random.js';

const MAX_CHANGES = 4;
/** Magic and version of a capture, or magic and descriptor of an LZ4 frame. */
const START_BYTES = 11;
const MAX_BYTES = 1 << 18;
/** Values of lengths and numbers that a reader is most likely not to expect. */
const EXTREMES: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffffn,
  2n ** 24n + 1n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const ODD_BYTES: readonly number[] = [0, 1, 2, 0x0f, 0x10, 0x3f, 0x40, 0x7f, 0x80, 0xf8, 0xfe, 0xff];

/** Returns the seed of one mutation of a run, so that it can be reproduced alone. */
export function seedOf(seed: number, number: number): number {
  return (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0;
}

type Change = (bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array;

const CHANGES: readonly Change[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  cut,
  drop,
  insertRandom,
  insertNumber,
  overwriteNumber,
  overwriteWord,
  repeat,
  move,
  splice,
];

/** Returns a copy of `bytes` with a few changes, never empty. The same random source gives the same result. */
export function mutate(bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let mutated = bytes;
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left -= 1) {
    mutated = random.pick(CHANGES)(mutated, random, corpus).subarray(0, MAX_BYTES);
  }
  if (mutated.length === 0) return Uint8Array.of(0);
  // Mostly keep the start: a reader stops at once where there is not a capture.
  return random.chance(0.95) ? overwrite(mutated, 0, bytes.subarray(0, START_BYTES)) : mutated;
}

function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  const at = random.below(bytes.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  return changed;
}

function setByte(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  changed[random.below(bytes.length)] = random.chance(0.5) ? random.pick(ODD_BYTES) : random.below(256);
  return changed;
}

function cut(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.slice(0, 1 + random.below(bytes.length));
}

function drop(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random);
  return joined(bytes.subarray(0, from), bytes.subarray(to));
}

function insertRandom(bytes: Uint8Array, random: Random): Uint8Array {
  const inserted = Uint8Array.from({ length: 1 + random.below(16) }, () => random.below(256));
  return insertAt(bytes, random.below(bytes.length + 1), inserted);
}

/** Inserts a number in the encoding of records, LEB128, also one that never ends. */
function insertNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const number = random.chance(0.2) ? new Uint8Array(11).fill(0xff) : leb128(random.pick(EXTREMES));
  return insertAt(bytes, random.below(bytes.length + 1), number);
}

function overwriteNumber(bytes: Uint8Array, random: Random): Uint8Array {
  return overwrite(bytes, random.below(bytes.length), leb128(random.pick(EXTREMES)));
}

/** Overwrites four or eight bytes, the size of numbers in headers, aggregated files and around LZ4 blocks. */
function overwriteWord(bytes: Uint8Array, random: Random): Uint8Array {
  const word = new Uint8Array(8);
  new DataView(word.buffer).setBigUint64(0, random.pick(EXTREMES), true);
  return overwrite(bytes, random.below(bytes.length), word.subarray(0, random.chance(0.5) ? 4 : 8));
}

function repeat(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random);
  const part = bytes.subarray(from, to);
  const times = 1 + random.below(32);
  return joined(bytes.subarray(0, to), ...new Array<Uint8Array>(times).fill(part), bytes.subarray(to));
}

function move(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random);
  return overwrite(bytes, random.below(bytes.length), bytes.slice(from, to));
}

/** Joins the beginning of these bytes and the end of another capture. */
function splice(bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const other = random.pick(corpus);
  return joined(bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length)));
}

function range(bytes: Uint8Array, random: Random): [number, number] {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.below(random.chance(0.8) ? 16 : 2048))];
}

function insertAt(bytes: Uint8Array, at: number, inserted: Uint8Array): Uint8Array {
  return joined(bytes.subarray(0, at), inserted, bytes.subarray(at));
}

function overwrite(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed.set(part.subarray(0, bytes.length - at), at);
  return changed;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  // `slice` of a Buffer would not copy.
  return new Uint8Array(Buffer.concat(parts));
}

function leb128(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
