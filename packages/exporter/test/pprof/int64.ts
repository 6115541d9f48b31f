import type { perftools } from '#generated/pprof.js';

/** A 64-bit field in the generated code: a number or a pair of 32-bit halves. */
export type Int64 = NonNullable<perftools.profiles.Profile.$Properties['timeNanos']>;

type Halves = Exclude<Int64, number>;

/**
 * Converts a bigint for the encoder, which would silently write a plain one as 0.
 *
 * @param value from -2^63 to 2^63 - 1
 */
export function int64FromBigInt(value: bigint): Int64 {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  // The encoder reads these three properties only; the rest of the class is not needed.
  return { low, high, unsigned: false } as Halves;
}
