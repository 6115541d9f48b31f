export { type ObjectCounts, objectCountsByNode } from './object-counts.js';
export {
  changeProfileFromLedger,
  HEAP_COLUMNS,
  type ProfileFromLedgerOptions,
  peakProfileFromLedger,
  profileFromLedger,
} from './profile-from-ledger.js';
export { type TextViewOptions, textView } from './text-view.js';
