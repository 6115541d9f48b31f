import { readFileSync } from 'node:fs';

/** The first four bytes of an LZ4 frame as a little-endian number; repeated here, independent of the code under test. */
export const LZ4_MAGIC = 0x184d2204;

/** Returns whether a file begins like an LZ4 frame. */
export function isLz4(file: string): boolean {
  return readFileSync(file).readUInt32LE(0) === LZ4_MAGIC;
}
