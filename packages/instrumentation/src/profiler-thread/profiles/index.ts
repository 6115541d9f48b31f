export { type ObjectCounts, objectCountsByNode } from './object-counts.js';
export {
  changeProfileFromLedger,
  HEAP_COLUMNS,
  objectBytes,
  type ProfileFromLedgerOptions,
  peakProfileFromLedger,
  profileFromLedger,
  stateProfileFromLedger,
} from './profile-from-ledger.js';
export { type TextViewOptions, textView } from './text-view.js';
