type Numbers = Float64Array | Int32Array | Uint8Array | Uint32Array;

/** Copies `from` to the start of `to`, and returns `to`. */
export function grown<T extends Numbers>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Returns a copy of twice the length. */
export function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  return grown(array, new Int32Array(array.length * 2)) as Int32Array<ArrayBuffer>;
}
