export { type ObjectCounts, type ObjectCountTable, objectCountsByNode } from './object-counts.js';
export { HEAP_COLUMNS, type ProfileFromLedgerOptions, profileFromLedger } from './profile-from-ledger.js';
