export { Blame, type Blamed, type BlameOptions } from './blame.js';
export { ANONYMOUS, displayName, type FrameKind, frameKind, isModuleCode, shortPath } from './frame-names.js';
export {
  NO_PACKAGE,
  type Package,
  PackageLookup,
  type PackageLookupOptions,
  RUNTIME_PACKAGE,
} from './packages.js';
export type { SourceMapLimits } from './source-map-store.js';
