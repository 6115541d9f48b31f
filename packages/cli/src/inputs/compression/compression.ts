/** Supported compressions of an input. */
export type Compression = 'gzip' | 'zstd';

/** Error for compressed data that is damaged, truncated or empty. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError';
}

const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];
/** Magic numbers of zstd's skippable frames: 16 values of the first byte, then three fixed bytes. */
const SKIPPABLE_FRAME = { first: 0x50, count: 16, rest: [0x2a, 0x4d, 0x18] };

/** Compressions that Node does not support, and commands that decompress them. */
const FOREIGN: readonly (readonly [string, string, readonly number[]])[] = [
  ['xz', 'xz -dc', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', 'bzip2 -dc', [0x42, 0x5a, 0x68]],
  ['lzip', 'lzip -dc', [0x4c, 0x5a, 0x49, 0x50]],
  ['zip', 'unzip -p', [0x50, 0x4b, 0x03, 0x04]],
  ['7-Zip', '7z x -so', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['compress', 'uncompress -c', [0x1f, 0x9d]],
];

/** Returns the compression of an input that starts with `head`; undefined for none. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  const found = MAGICS.find(([, magic]) => startsWith(head, magic))?.[0];
  if (found !== undefined) return found;
  const { first, count, rest } = SKIPPABLE_FRAME;
  const nibble = (head[0] ?? 0) - first;
  const isSkippable = nibble >= 0 && nibble < count && startsWith(head.subarray(1), rest);
  return isSkippable ? 'zstd' : undefined;
}

/** Returns the problem and the remedy for an input with an unsupported compression; undefined for any other. */
export function foreignCompression(head: Uint8Array): string | undefined {
  const [name, command] = FOREIGN.find(([, , magic]) => startsWith(head, magic)) ?? [];
  if (name === undefined) return undefined;
  return `is compressed with ${name}, which is not read; pipe it in: ${command} FILE | heapray ... -`;
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, at) => bytes[at] === byte);
}
