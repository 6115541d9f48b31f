/**
 * Size of one allocation, in bytes: a size class of jemalloc, and far above any sampling interval, so that jemalloc
 * records it with certainty. Programs hardly ever use it.
 */
export const PIECE_BYTES: number = 28 * 2 ** 20;

/**
 * Has jemalloc write a dump on this thread, by allocating as many bytes as lie between two dumps. The memory is never
 * touched, so that it does not become resident.
 *
 * @param dumpInterval bytes between two dumps
 * @param isWritten returns true when there is a new dump
 * @returns false if there is none
 */
export function provokeDump(dumpInterval: number, isWritten: () => boolean): boolean {
  for (let bytes = 0; bytes <= dumpInterval; bytes += PIECE_BYTES) {
    const { buffer } = Buffer.allocUnsafeSlow(PIECE_BYTES);
    const done = isWritten();
    // Frees the memory now: the garbage collector may run much later.
    buffer.transfer(0);
    if (done) return true;
  }
  return false;
}
