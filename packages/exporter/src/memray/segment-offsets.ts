/** Segments begin at addresses and offsets that agree in their lower bits: the smallest page of any system. */
const PAGE = 0x1000n;
/** Code begins in the first segment, or behind one of headers in the second. */
const LAST_OF_CODE = 2;

/**
 * Tells where in its file each loaded segment of an ELF image begins. A capture has the segments' addresses and sizes in
 * memory, in order, but not their offsets (`p_offset`).
 *
 * Linkers lay files out in one of two ways: each segment is as far from the first in the file as in memory, or it follows
 * the one before as closely as its page allows. Where both give the same offset, this is it. Where they differ, as behind
 * data or with pages of 2 MiB, only the file itself could tell. Nor is it told of the third segment and those after it:
 * `go tool pprof` takes any mapping for that of the first executable one, which is the first or second.
 */
export class SegmentOffsets {
  #segments = 0;
  #firstAddress: bigint | undefined;
  /** End of the segment before, if the file is packed. */
  #packedEnd = 0n;

  /** The offset of the next segment, or undefined when it cannot be told. */
  next(address: bigint, size: bigint): bigint | undefined {
    this.#firstAddress ??= address - (address % PAGE);
    const asInMemory = address - this.#firstAddress;
    const gap = BigInt.asUintN(64, address - this.#packedEnd) % PAGE;
    const packed = this.#packedEnd + gap;
    this.#packedEnd = packed + size;
    this.#segments += 1;
    return asInMemory === packed && this.#segments <= LAST_OF_CODE ? packed : undefined;
  }
}
