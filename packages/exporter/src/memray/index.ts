export { FormatError } from '../wire/errors.js';
export {
  type AggregateEncodeOptions,
  MemrayAggregator,
  type MemrayAggregatorOptions,
} from './convert/aggregate-memray.js';
export { MemrayConverter } from './convert/convert-memray.js';
export {
  ALLOCATORS,
  type AllocatorFacts,
  type AllocatorKind,
  type AllocatorName,
} from './format/allocators.js';
export { plainName } from './format/clean-text.js';
export type { FileFormat, MemrayHeader } from './format/header.js';
export { DEFAULT_LIMITS, type MemrayLimits } from './format/limits.js';
export { DEFAULT_MEMRAY_FORMAT, MEMRAY_FORMATS, type MemrayFormat } from './format/memray-format.js';
export { type AggregatedAllocation, RecordDamage, type RecordHandler } from './format/record-handler.js';
export { CaptureReader } from './heap/capture-reader.js';
export type { GroupOptions, HeapRecord } from './heap/heap-records.js';
export type { ResidentMemory } from './heap/last-memory-record.js';
export type { MemorySnapshot } from './heap/memory-snapshots.js';
export { type Amount, SiteAmounts } from './heap/site-amounts.js';
export { type CaptureTime, type CaptureWindow, TimeWindow, WindowError } from './heap/time-window.js';
export { LIFETIMES, type Lifetime } from './lifetimes/lifetime-names.js';
export { isNodeCapture, SHORT_LIVED_FRAME } from './model/captured-program.js';
export type { MemrayLocation } from './model/code-table.js';
export type { NativeFrame } from './model/native-table.js';
export type { MemrayThread } from './model/thread-table.js';
export type { CaptureRest } from './read/capture-rest.js';
export { type CaptureDamage, type CaptureEnd, RecordStream } from './read/record-stream.js';
export {
  type AllocationSite,
  type CaptureAmounts,
  CaptureContents,
  type CaptureSnapshot,
} from './reports/capture-contents.js';
export {
  CaptureLifetimes,
  type CaptureLifetimesOptions,
  type LifetimeAmounts,
  type LifetimeCell,
  type LifetimeRow,
  type LifetimeWindow,
} from './reports/capture-lifetimes.js';
export {
  type CaptureStats,
  CaptureSums,
  type LocationTotal,
  type ModuleTotal,
} from './reports/capture-stats.js';
export { RecordPrinter } from './reports/format-records.js';
export { GrowingCapture, type GrowingCaptureOptions } from './reports/growing-capture.js';
export {
  analyzeMemray,
  MemrayAnalyzer,
  type MemrayAnalyzerOptions,
} from './reports/memray-analyzer.js';
export {
  MemrayProfiler,
  type MemrayProfilerOptions,
  profileFromMemray,
} from './reports/profile-from-memray.js';
export { type SiteProfileOptions, siteProfile } from './reports/site-profile.js';
export type { SizeBucket } from './reports/size-histogram.js';
export {
  type FrameHandle,
  type HeaderPatch,
  MemrayWriter,
  type MemrayWriterOptions,
  type StackHandle,
} from './write/memray-writer.js';
