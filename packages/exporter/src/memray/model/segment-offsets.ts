/** Smallest page of any system. The address and offset of a segment agree in the bits within a page. */
const PAGE = 0x1000n;
/**
 * Number of the last segment that may be the first with code: code starts in the first one, or after headers in the
 * second.
 */
const LAST_OF_CODE = 2;

/**
 * Determines the file offset of each loaded segment of an ELF image. A capture has the addresses and sizes of the
 * segments in memory, in order, but not their offsets (`p_offset`).
 *
 * Linkers lay out files in one of two ways: either each segment has the same distance from the first in the file as in
 * memory, or it follows the previous one as closely as its page allows. If both give the same offset, it is correct. If
 * they differ, as after data or with pages of 2 MiB, the offset is unknown without the file. It is not reported from
 * the third segment on either: `go tool pprof` treats every mapping as that of the first executable segment, which is
 * the first or second.
 */
export class SegmentOffsets {
  #segments = 0;
  #firstAddress: bigint | undefined;
  /** End of the previous segment, if the file is packed. */
  #packedEnd = 0n;

  /** Returns the offset of the next segment, or undefined when it cannot be determined. */
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
