/**
 * The JSON of `/debug/heapsnapshot`: what a heap snapshot of the process would cost, before it is taken. Readers must refuse a
 * `version` that they do not know.
 */
export interface SnapshotPlanData {
  readonly format: 'heapray-snapshot-plan';
  readonly version: 1;
  readonly pid: number;
  /** Heap in use, garbage included, in bytes. */
  readonly heapBytes: number;
  /** Time for which the program stands still: the least and the most, in ms. */
  readonly pauseMillis: readonly [number, number];
  /** Memory that the process needs in addition, at most, in bytes. */
  readonly memoryBytes: number;
  /** Size of the snapshot: the least and the most, in bytes. */
  readonly fileBytes: readonly [number, number];
  /** Memory that the process can still get, in bytes. */
  readonly availableBytes: number;
  /** The same in words. */
  readonly message: string;
  /** Value of the query parameter `confirm` that takes the snapshot. It is good once, for some minutes. */
  readonly confirm: string;
}
