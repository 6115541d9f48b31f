export {
  ageMillis,
  DUMP_PREFIX,
  type DumpFile,
  dumpsIn,
  FOLDER_PREFIX,
  readDump,
  removeDumpFolder,
  removeDumps,
  removeLeftOverFolders,
  removeUnreadDumps,
} from './dump-folder.js';
export {
  type DumpAmount,
  type DumpHolder,
  type DumpStack,
  estimated,
  type JemallocDump,
  MAX_DUMP_BYTES,
  readHeapDump,
} from './read-heap-dump.js';
