export {
  type ClassTotals,
  classTotals,
  type FindHoldersOptions,
  findHolders,
  type HeldClass,
  type Holder,
  type HolderReport,
  type PathStep,
} from './find-holders.js';
export type { ClassRow } from './graph/classes.js';
export { computeDominators, type Dominators, retainedSizes, UNREACHED } from './graph/dominators.js';
export { RetainingEdges } from './graph/retaining-edges.js';
export type { HeapSnapshot, ScriptPlace, SnapshotTraces, TracedFunction } from './read/heap-snapshot.js';
export { HeapSnapshotReader, readHeapSnapshot } from './read/snapshot-reader.js';
export type { TextBytes } from './read/text-bytes.js';
export { type SnapshotCost, snapshotCost, snapshotCostText } from './snapshot-cost.js';
export type { HolderWords } from './words/holder-words.js';
export type { Maker } from './words/makers.js';
export { classFigures, type FormatBytes, holderSentence } from './words/sentences.js';
export { type OriginalOf, type SourceFunction, type SourcePlace, shortFile } from './words/sources.js';
