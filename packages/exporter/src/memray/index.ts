export { FormatError } from '../wire/errors.js';
export {
  type AggregateEncodeOptions,
  MemrayAggregator,
  type MemrayAggregatorOptions,
} from './aggregate-memray.js';
export { ALLOCATORS, type AllocatorFacts, type AllocatorKind, type AllocatorName } from './allocators.js';
export {
  type AllocationSite,
  type CaptureAmounts,
  CaptureContents,
  type CaptureSnapshot,
} from './capture-contents.js';
export type { CaptureRest } from './capture-rest.js';
export { type CaptureStats, CaptureSums, type LocationTotal, type ModuleTotal } from './capture-stats.js';
export { isNodeCapture, SHORT_LIVED_FRAME } from './captured-program.js';
export { plainName } from './clean-text.js';
export type { MemrayLocation } from './code-table.js';
export { MemrayConverter } from './convert-memray.js';
export { DEFAULT_MEMRAY_FORMAT, MEMRAY_FORMATS, type MemrayFormat } from './format.js';
export { RecordPrinter } from './format-records.js';
export { GrowingCapture, type GrowingCaptureOptions } from './growing-capture.js';
export type { FileFormat, MemrayHeader } from './header.js';
export type { GroupOptions, HeapRecord } from './heap-records.js';
export type { ResidentMemory } from './last-memory-record.js';
export { DEFAULT_LIMITS, type MemrayLimits } from './limits.js';
export type { MemorySnapshot } from './memory-snapshots.js';
export {
  analyzeMemray,
  MemrayAnalyzer,
  type MemrayAnalyzerOptions,
  type TemporalRecord,
} from './memray-analyzer.js';
export {
  type FrameHandle,
  type HeaderPatch,
  MemrayWriter,
  type MemrayWriterOptions,
  type StackHandle,
} from './memray-writer.js';
export type { NativeFrame } from './native-table.js';
export { MemrayProfiler, type MemrayProfilerOptions, profileFromMemray } from './profile-from-memray.js';
export { type AggregatedAllocation, RecordDamage, type RecordHandler } from './record-handler.js';
export { type CaptureDamage, type CaptureEnd, RecordStream } from './record-stream.js';
export { type Amount, SiteAmounts } from './site-amounts.js';
export type { SizeBucket } from './size-histogram.js';
export type { TemporalInterval } from './temporal-leaks.js';
export type { MemrayThread } from './thread-table.js';
