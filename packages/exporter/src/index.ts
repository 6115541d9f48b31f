// The functions and classes that most programs need, in one import. The subpaths have all of them.
export {
  analyzeMemray,
  FormatError,
  MemrayAggregator,
  MemrayAnalyzer,
  MemrayConverter,
  type MemrayFormat,
  MemrayProfiler,
  MemrayWriter,
  profileFromMemray,
} from './memray/index.js';
export { decodePprof, encodePprof, encodePprofGzip, PprofDecoder } from './pprof/index.js';
export {
  type FrameHandle,
  type Labels,
  type LabelsHandle,
  mergeProfiles,
  type Profile,
  ProfileBuilder,
  type ProfileFrame,
  type ProfileOptions,
  type StackHandle,
  subtractProfiles,
  topOf,
  totals,
  type ValueColumn,
} from './profile/index.js';
