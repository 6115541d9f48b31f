export { ALLOCATORS, type AllocatorFacts, type AllocatorKind, type AllocatorName } from './allocators.js';
export { DEFAULT_MEMRAY_FORMAT, MEMRAY_FORMATS, type MemrayFormat } from './format.js';
export {
  type FrameHandle,
  type HeaderPatch,
  MemrayWriter,
  type MemrayWriterOptions,
  type StackHandle,
} from './memray-writer.js';
