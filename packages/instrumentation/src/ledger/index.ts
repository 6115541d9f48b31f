export { type CallSite, CallSites, isRuntimeFrame, type SiteIndex } from './call-site.js';
export { CallTree, type Frame, type NodeIndex, type RawFrame, ROOT } from './call-tree.js';
export {
  type Absorbed,
  type HeapReading,
  Ledger,
  type LedgerCounts,
  type LedgerListener,
  type LedgerOptions,
} from './ledger.js';
export { NO_PACKAGE, packageNames } from './package-names.js';
export type { FunctionLocation } from './stack-components.js';
