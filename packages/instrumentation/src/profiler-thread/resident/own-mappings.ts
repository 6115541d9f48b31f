import { readAnonymousBytes } from './kernel-memory.js';
import { type MappedMemory, MappingSums } from './mapped-memory.js';
import { readMaps, readSmaps } from './memory-mappings.js';
import { ResidentPages } from './resident-pages.js';
import { readStackPointers } from './stack-pointers.js';

/**
 * Returns how the mappings of this process are used. Counts the pages of all but V8's mappings, or reads `smaps` where the page
 * table may not be read: that takes several times as long in a process with a large heap.
 *
 * @throws where mappings are missing or may not be read
 */
export function readOwnMappings(): MappedMemory {
  try {
    return mappingsByPages();
  } catch {
    return mappingsBySmaps();
  }
}

export function mappingsByPages(): MappedMemory {
  const pages = new ResidentPages();
  try {
    const sums = new MappingSums(readStackPointers(), readAnonymousBytes());
    readMaps(
      (mapping) => sums.add(mapping),
      (start, end) => pages.anonymousBytes(start, end),
    );
    return sums.sums();
  } finally {
    pages.close();
  }
}

export function mappingsBySmaps(): MappedMemory {
  const sums = new MappingSums(readStackPointers());
  readSmaps((mapping) => sums.add(mapping));
  return sums.sums();
}
