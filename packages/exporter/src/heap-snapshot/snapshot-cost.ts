/** Expected cost of a heap snapshot. The two numbers of a range are the least and the most. */
export interface SnapshotCost {
  /** Time for which the program stands still, in ms. */
  readonly pauseMillis: readonly [number, number];
  /** Memory that the process needs meanwhile in addition, at most, in bytes. */
  readonly memoryBytes: number;
  /** Size of the file, in bytes. */
  readonly fileBytes: readonly [number, number];
}

const MEGABYTE = 1e6;
/** Pause for a megabyte of heap in use, in ms, as measured on an idle and on a busy machine. */
const PAUSE_MILLIS = [40, 350] as const;
/** Size of the file in multiples of the heap in use: less for long strings, more for many small objects. */
const FILE_SIZE = [0.5, 2] as const;
/**
 * Memory that a snapshot needs besides, in multiples of the heap in use: 14 in V8, as measured with many small objects, and 2
 * for its text between two threads.
 */
const MEMORY = 16;

/** Returns the expected cost of a heap snapshot of a process with `usedBytes` of heap in use. */
export function snapshotCost(usedBytes: number): SnapshotCost {
  const [leastMillis, mostMillis] = PAUSE_MILLIS;
  const [least, most] = FILE_SIZE;
  return {
    pauseMillis: [(usedBytes / MEGABYTE) * leastMillis, (usedBytes / MEGABYTE) * mostMillis],
    memoryBytes: Math.round(usedBytes * MEMORY),
    fileBytes: [Math.round(usedBytes * least), Math.round(usedBytes * most)],
  };
}

/**
 * Returns the cost as a sentence.
 *
 * @param where place of the file, for example `on its disk`
 * @param formatBytes formats bytes with a unit
 */
export function snapshotCostText(
  pid: number,
  usedBytes: number,
  where: string,
  formatBytes: (bytes: number) => string,
): string {
  const { pauseMillis, memoryBytes, fileBytes } = snapshotCost(usedBytes);
  const [least, most] = pauseMillis.map((millis) => (millis / 1000).toFixed(1));
  const [small, large] = fileBytes.map(formatBytes);
  return (
    `process ${pid} has ${formatBytes(usedBytes)} of heap in use. A heap snapshot stops it for ${least} to ${most} s, ` +
    `takes up to ${formatBytes(memoryBytes)} more of its memory meanwhile, and ${small} to ${large} ${where}`
  );
}
