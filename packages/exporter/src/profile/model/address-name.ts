import type { NativePlace } from './types.js';

/** Longest file name on common systems. */
const MAX_FILE_NAME = 255;

/**
 * Returns the name of machine code without a symbol, such as `0x9a1b2 libc.so.6`: the address in its file, as symbolizers
 * expect it. Without a known file, it is the address in memory.
 */
export function addressName({ address, mapping }: NativePlace): string {
  if (mapping === undefined) return `0x${address.toString(16)}`;
  const { path, start, fileOffset = 0 } = mapping;
  const inFile = address - start + fileOffset;
  return `0x${inFile.toString(16)} ${path.slice(path.lastIndexOf('/') + 1).slice(-MAX_FILE_NAME)}`;
}
