const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;
const STRIPE = 16;

/** xxHash32 with seed 0, the checksum of LZ4 frames. Accepts data in pieces. */
export class XxHash32 {
  readonly #lanes: Int32Array = new Int32Array([PRIME_1 + PRIME_2, PRIME_2, 0, -PRIME_1]);
  readonly #pending: Uint8Array = new Uint8Array(STRIPE);
  #pendingLength = 0;
  #length = 0;

  /** Returns the hash of `bytes`, as an unsigned number. */
  static of(bytes: Uint8Array): number {
    const hash = new XxHash32();
    hash.update(bytes);
    return hash.digest();
  }

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#pendingLength > 0) {
      at = Math.min(STRIPE - this.#pendingLength, bytes.length);
      this.#pending.set(bytes.subarray(0, at), this.#pendingLength);
      this.#pendingLength += at;
      if (this.#pendingLength < STRIPE) return;
      this.#stripes(this.#pending, 0, STRIPE);
    }
    const whole = at + Math.floor((bytes.length - at) / STRIPE) * STRIPE;
    this.#stripes(bytes, at, whole);
    this.#pending.set(bytes.subarray(whole));
    this.#pendingLength = bytes.length - whole;
  }

  /** Returns the hash of all data so far, as an unsigned number. */
  digest(): number {
    const lanes = this.#lanes;
    let hash = PRIME_5 | 0;
    if (this.#length >= STRIPE) {
      hash = rotate(lanes[0]!, 1) + rotate(lanes[1]!, 7) + rotate(lanes[2]!, 12) + rotate(lanes[3]!, 18);
    }
    hash = (hash + this.#length) | 0;
    let at = 0;
    for (; at + 4 <= this.#pendingLength; at += 4) {
      hash = Math.imul(rotate(hash + Math.imul(word(this.#pending, at), PRIME_3), 17), PRIME_4);
    }
    for (; at < this.#pendingLength; at += 1) {
      hash = Math.imul(rotate(hash + Math.imul(this.#pending[at]!, PRIME_5), 11), PRIME_1);
    }
    hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
    hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #stripes(bytes: Uint8Array, from: number, to: number): void {
    const lanes = this.#lanes;
    let [a, b, c, d] = [lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!];
    for (let at = from; at < to; at += STRIPE) {
      a = round(a, word(bytes, at));
      b = round(b, word(bytes, at + 4));
      c = round(c, word(bytes, at + 8));
      d = round(d, word(bytes, at + 12));
    }
    lanes.set([a, b, c, d]);
  }
}

function round(lane: number, input: number): number {
  return Math.imul(rotate(lane + Math.imul(input, PRIME_2), 13), PRIME_1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
