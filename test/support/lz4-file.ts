import { readFileSync } from 'node:fs';

/** What an LZ4 frame begins with, as a little-endian number: written out here, not taken from the code under test. */
export const LZ4_MAGIC = 0x184d2204;

/** Whether a file is an LZ4 frame, by how it begins. */
export function isLz4(file: string): boolean {
  return readFileSync(file).readUInt32LE(0) === LZ4_MAGIC;
}
