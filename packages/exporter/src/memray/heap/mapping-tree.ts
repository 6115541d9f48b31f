import { grown } from '../../tables/typed-arrays.js';
import { FormatError } from '../../wire/errors.js';
import { beyond, type MemrayLimits } from '../format/limits.js';

const INITIAL_NODES = 64;
/**
 * Limits for malicious captures: many mappings at one place, unmapped bit by bit, would take forever. In a valid
 * capture an unmapping affects about one mapping, so this many in total, plus some more for each unmapping, are
 * harmless.
 */
const FREE_HITS = 2 ** 22;
const HITS_PER_REMOVAL = 64;

/** Receives the effect of an unmapping on one mapping: the bytes removed, and the change in its number of pieces. */
export type UnmapVisitor = (payload: number, bytes: number, pieces: number) => void;

/**
 * Live mappings: intervals that may overlap, each with a payload (a positive 31-bit integer). Addresses are doubles, so
 * they are not exact beyond 2^53; no system maps anything there.
 *
 * A treap ordered by start, with the furthest end of each subtree: intervals that overlap a range are found in
 * logarithmic time. Stored in typed arrays, as are all large tables.
 */
export class MappingTree {
  readonly #limits: MemrayLimits;
  #starts: Float64Array = new Float64Array(INITIAL_NODES);
  #ends: Float64Array = new Float64Array(INITIAL_NODES);
  #furthest: Float64Array = new Float64Array(INITIAL_NODES);
  #left: Int32Array = new Int32Array(INITIAL_NODES);
  #right: Int32Array = new Int32Array(INITIAL_NODES);
  #priorities: Uint32Array = new Uint32Array(INITIAL_NODES);
  #payloads: Int32Array = new Int32Array(INITIAL_NODES);
  readonly #free: number[] = [];
  /** Number of nodes ever used. Node 0 means no node. */
  #nodes = 0;
  #root = 0;
  #size = 0;
  /** Number of affected mappings still allowed. */
  #hitsLeft = FREE_HITS;

  constructor(limits: MemrayLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  add(start: number, end: number, payload: number): void {
    if (end <= start) return;
    const node = this.#make(start, end, payload);
    const [left, right] = this.#split(this.#root, start);
    this.#root = this.#join(this.#join(left, node), right);
  }

  /** Removes the range from all mappings that it overlaps. */
  remove(start: number, end: number, visit: UnmapVisitor): void {
    if (end <= start) return;
    // All mappings that start before the end of the range. Those that end before its start are kept.
    const [before, after] = this.#split(this.#root, end);
    const hit: number[] = [];
    const kept = this.#extract(before, start, hit);
    this.#root = this.#join(kept, after);
    this.#hitsLeft += HITS_PER_REMOVAL - hit.length;
    if (this.#hitsLeft < 0) throw new FormatError('memray', 'its mappings overlap too often');
    for (const node of hit) this.#cut(node, start, end, visit);
  }

  /** Calls `visit` for each live piece, ordered by start. */
  forEach(visit: (payload: number, size: number) => void): void {
    const path: number[] = [];
    let node = this.#root;
    while (node !== 0 || path.length > 0) {
      for (; node !== 0; node = this.#left[node]!) path.push(node);
      node = path.pop()!;
      visit(this.#payloads[node]!, this.#ends[node]! - this.#starts[node]!);
      node = this.#right[node]!;
    }
  }

  #cut(node: number, start: number, end: number, visit: UnmapVisitor): void {
    const from = this.#starts[node]!;
    const to = this.#ends[node]!;
    const payload = this.#payloads[node]!;
    this.#free.push(node);
    this.#size -= 1;
    this.add(from, start, payload);
    this.add(end, to, payload);
    const pieces = (from < start ? 1 : 0) + (end < to ? 1 : 0);
    visit(payload, Math.min(to, end) - Math.max(from, start), pieces - 1);
  }

  /** Moves all nodes of the subtree that end after `start` to `hit`. Returns the rest of the subtree. */
  #extract(node: number, start: number, hit: number[]): number {
    if (node === 0 || this.#furthest[node]! <= start) return node;
    const left = this.#extract(this.#left[node]!, start, hit);
    const right = this.#extract(this.#right[node]!, start, hit);
    if (this.#ends[node]! > start) {
      hit.push(node);
      return this.#join(left, right);
    }
    this.#left[node] = left;
    this.#right[node] = right;
    this.#update(node);
    return node;
  }

  /** Splits a subtree into nodes that start before `key` and all others. */
  #split(node: number, key: number): [number, number] {
    if (node === 0) return [0, 0];
    if (this.#starts[node]! < key) {
      const [left, right] = this.#split(this.#right[node]!, key);
      this.#right[node] = left;
      this.#update(node);
      return [node, right];
    }
    const [left, right] = this.#split(this.#left[node]!, key);
    this.#left[node] = right;
    this.#update(node);
    return [left, node];
  }

  /** Joins two subtrees. All nodes of the first must come before those of the second. */
  #join(left: number, right: number): number {
    if (left === 0) return right;
    if (right === 0) return left;
    if (this.#priorities[left]! > this.#priorities[right]!) {
      this.#right[left] = this.#join(this.#right[left]!, right);
      this.#update(left);
      return left;
    }
    this.#left[right] = this.#join(left, this.#left[right]!);
    this.#update(right);
    return right;
  }

  #update(node: number): void {
    const furthest = this.#furthest;
    const left = this.#left[node]!;
    const right = this.#right[node]!;
    let end = this.#ends[node]!;
    if (left !== 0 && furthest[left]! > end) end = furthest[left]!;
    if (right !== 0 && furthest[right]! > end) end = furthest[right]!;
    furthest[node] = end;
  }

  #make(start: number, end: number, payload: number): number {
    const node = this.#free.pop() ?? ++this.#nodes;
    if (node === this.#starts.length) this.#grow();
    this.#size += 1;
    if (this.#size > this.#limits.maxLive)
      throw beyond('mappings alive at once', this.#limits.maxLive, 'maxLive');
    this.#starts[node] = start;
    this.#ends[node] = end;
    this.#furthest[node] = end;
    this.#left[node] = 0;
    this.#right[node] = 0;
    this.#priorities[node] = Math.random() * 2 ** 32;
    this.#payloads[node] = payload;
    return node;
  }

  #grow(): void {
    const length = this.#starts.length * 2;
    this.#starts = grown(this.#starts, new Float64Array(length));
    this.#ends = grown(this.#ends, new Float64Array(length));
    this.#furthest = grown(this.#furthest, new Float64Array(length));
    this.#left = grown(this.#left, new Int32Array(length));
    this.#right = grown(this.#right, new Int32Array(length));
    this.#priorities = grown(this.#priorities, new Uint32Array(length));
    this.#payloads = grown(this.#payloads, new Int32Array(length));
  }
}
