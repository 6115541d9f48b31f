import { type HeapSnapshot, HeapSnapshotReader } from '@heapray/exporter/heap-snapshot';
import { CommandError } from '../errors.js';
import { CompressionError } from './compression/compression.js';
import { openInput } from './read-bytes.js';

/** Number of first bytes to open an input with; the reader needs none in advance. */
const HEAD_BYTES = 16;

/**
 * Reads a heap snapshot of V8 (`.heapsnapshot`), or standard input for `-`.
 *
 * @throws CommandError with one line: the file, the reason, and the position
 */
export async function readSnapshotInput(input: string): Promise<HeapSnapshot> {
  const { name, chunks } = await openInput(input, HEAD_BYTES);
  const reader = new HeapSnapshotReader();
  try {
    for await (const chunk of chunks) reader.push(chunk);
    return reader.end();
  } catch (cause) {
    if (cause instanceof CompressionError) {
      throw new CommandError(`${name}: heap snapshot: ${cause.message}`, { cause });
    }
    if (!(cause instanceof Error && cause.name === 'FormatError')) throw cause;
    throw new CommandError(`${name}: ${cause.message}`, { cause });
  }
}
