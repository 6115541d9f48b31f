import type { ProfileFrame } from '../profile/index.js';

/** Addresses of programs are below. */
const FIRST = 2n ** 63n;

/**
 * Returns an address for a frame that has none. It is the same in all profiles, and another one for each other frame, but for
 * chance. It is from 2^63 on, where no program has code, so that readers do not take it for a place in a file.
 */
export function frameAddress({ functionName, file, line, column }: ProfileFrame): bigint {
  const text = `${functionName}\n${file}\n${line}:${column}`;
  const high = BigInt(hash(text, 0x811c9dc5, 0x01000193));
  return FIRST | (high << 32n) | BigInt(hash(text, 0x9747b28c, 0x85ebca6b));
}

/** Returns 32 bits by the method FNV-1a, of 16 bits at a time, mixed at the end. */
function hash(text: string, basis: number, prime: number): number {
  let bits = basis;
  for (let at = 0; at < text.length; at++) bits = Math.imul(bits ^ text.charCodeAt(at), prime);
  bits = Math.imul(bits ^ (bits >>> 15), prime);
  return (bits ^ (bits >>> 13)) >>> 0;
}
