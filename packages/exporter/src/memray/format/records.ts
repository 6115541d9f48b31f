/*
 * The first byte of every record, and the state records carry from one to the next.
 *
 * Formats 12 and 13, ALL_ALLOCATIONS: tested from the top bit down.
 *
 *     1 pppp aaa   allocation or deallocation     p: pointer cache index, 15 = not cached
 *     01 uuuuu e   frame push                     a: allocator 1-7, 0 = a whole byte follows
 *     001 pppp c   object created or destroyed    e: entry frame   c: created
 *     0001 nnnn    frame pop of n + 1 frames      u: unused, 0
 *     0000 kkkk    one of the plain tokens below
 *
 * Format 11, ALL_ALLOCATIONS: the kind is in the low half, flags in the high half: `ffff kkkk`.
 *
 * AGGREGATED_ALLOCATIONS, every format: one plain number.
 */

import type { FileFormat } from './header.js';
import type { MemrayFormat } from './memray-format.js';

/** `1 pppp aaa` */
export const TAG_ALLOCATION = 0x80;
/** `01 uuuuu e` */
export const TAG_FRAME_PUSH = 0x40;
/** `001 pppp c` */
export const TAG_OBJECT = 0x20;
/** `0001 nnnn` */
export const TAG_FRAME_POP = 0x10;

/** The bit of a frame push that marks an entry frame. */
export const ENTRY_FRAME_BIT = 0x01;
/** The pointer cache index that means "not cached, the address follows". */
export const POINTER_NOT_CACHED = 15;
/** Maximum number of frames in one pop record. */
export const MAX_POP = 16;

/** Plain tokens of formats 12 and 13. */
export const TOKEN = {
  TRAILER: 0x01,
  MEMORY_RECORD: 0x02,
  NATIVE_FRAME: 0x05,
  MEMORY_MAP_START: 0x06,
  SEGMENT_HEADER: 0x07,
  SEGMENT: 0x08,
  THREAD_NAME: 0x0a,
  CONTEXT_SWITCH: 0x0c,
  CODE_OBJECT: 0x0e,
} as const;

/** Record kinds of format 11 (low half of the token byte). */
export const TOKEN_11 = {
  /** Valid with flags 1 only. */
  TRAILER: 0,
  ALLOCATION: 1,
  ALLOCATION_WITH_NATIVE: 2,
  FRAME: 3,
  FRAME_PUSH: 4,
  NATIVE_FRAME: 5,
  MEMORY_MAP_START: 6,
  SEGMENT_HEADER: 7,
  SEGMENT: 8,
  FRAME_POP: 9,
  THREAD_NAME: 10,
  MEMORY_RECORD: 11,
  CONTEXT_SWITCH: 12,
} as const;

/** Tokens of aggregated files in every format. Format 11 has no OBJECT and CODE_OBJECT. */
export const TOKEN_AGGREGATED = {
  MEMORY_SNAPSHOT: 1,
  ALLOCATION: 2,
  STACK_NODE: 3,
  FRAME: 4,
  NATIVE_FRAME: 5,
  MEMORY_MAP_START: 6,
  SEGMENT_HEADER: 7,
  SEGMENT: 8,
  THREAD_NAME: 10,
  CONTEXT_SWITCH: 12,
  OBJECT: 13,
  CODE_OBJECT: 14,
  TRAILER: 15,
} as const;

/** Returns the last byte of a finished capture. */
export function trailerOf(format: MemrayFormat, fileFormat: FileFormat): number {
  if (fileFormat === 'AGGREGATED_ALLOCATIONS') return TOKEN_AGGREGATED.TRAILER;
  return format === 11 ? tag11({ kind: TOKEN_11.TRAILER, flags: 1 }) : TOKEN.TRAILER;
}

/** Returns the first byte of an allocation record (12, 13). `{ cacheIndex: 3, allocator: 6 }` is `1 0011 110`. */
export function allocationTag(fields: { cacheIndex: number; allocator: number }): number {
  const short = fields.allocator <= 7 ? fields.allocator : 0;
  return TAG_ALLOCATION | (fields.cacheIndex << 3) | short;
}

/**
 * Returns the first byte of a format-11 record. `{ kind: TOKEN_11.FRAME_POP, flags: 3 }` is `0011 1001`: pop 4 frames.
 */
export function tag11(fields: { kind: number; flags: number }): number {
  return (fields.flags << 4) | fields.kind;
}
