/** A typed array whose memory can be moved to a larger one. */
export type Column =
  | Uint8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** Rows that a column has room for at first. */
export const FIRST_ROWS: number = 2 ** 12;

/**
 * Moves the values of a column to a longer one. The memory of the old one is freed at once, not at the next garbage
 * collection.
 */
export function enlarged<T extends Column>(column: T, length: number): T {
  const make = column.constructor as unknown as new (buffer: ArrayBuffer) => T;
  return new make(column.buffer.transfer(length * column.BYTES_PER_ELEMENT));
}

/** Frees the memory of a column, which must not be used afterwards. */
export function release(column: Column): void {
  column.buffer.transfer(0);
}

/**
 * Returns the new capacity for a number of rows: twice the old one, at most what the file declares. A file that declares
 * more than it has gets no memory for that.
 */
export function capacityFor(rows: number, capacity: number, declared: number): number {
  return Math.max(rows, Math.min(declared, capacity * 2));
}
