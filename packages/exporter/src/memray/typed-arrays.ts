type TypedArray = Float64Array | Int32Array | Uint32Array;

/** `to`, begun with what is in `from`. */
export function grown<T extends TypedArray>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** A copy with twice the room. */
export function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(array.length * 2);
  twice.set(array);
  return twice;
}
