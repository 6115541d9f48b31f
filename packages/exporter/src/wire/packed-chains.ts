import type { ProtoWriter } from './proto-writer.js';

/** Maximum size of a number of 32 bits. */
const NUMBER_BYTES = 5;

/**
 * Lists of numbers that share their ends. A node is a number and its parent; its list is the numbers from the node to the
 * root, as in a stack.
 */
export interface Chains {
  /** Parent of each node; negative for none. */
  readonly parents: Int32Array;
  /** Number of each node, less `offset`. */
  readonly numbers: Int32Array;
  /** Added to each number. */
  readonly offset: number;
}

/** Writes the list of a node as a packed field; nothing for a negative node. Returns its length. */
export function writeChain(
  writer: ProtoWriter,
  field: number,
  { parents, numbers, offset }: Chains,
  first: number,
): number {
  if (first < 0) return 0;
  const start = writer.open(field);
  let { bytes, at } = writer;
  let room = bytes.length - NUMBER_BYTES;
  let length = 0;
  for (let node = first; node >= 0; node = parents[node]!) {
    if (at > room) {
      writer.at = at;
      writer.reserve(NUMBER_BYTES);
      bytes = writer.bytes;
      room = bytes.length - NUMBER_BYTES;
    }
    let number = numbers[node]! + offset;
    length += 1;
    // Most numbers take two bytes at most.
    if (number > 0x7f) {
      bytes[at++] = (number & 0x7f) | 0x80;
      number >>>= 7;
      while (number > 0x7f) {
        bytes[at++] = (number & 0x7f) | 0x80;
        number >>>= 7;
      }
    }
    bytes[at++] = number;
  }
  writer.at = at;
  writer.close(start);
  return length;
}
