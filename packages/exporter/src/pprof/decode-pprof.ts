import type { Profile } from '../profile/index.js';
import { FormatError } from '../wire/errors.js';
import { inflate } from './inflate.js';
import { profileFromRecords } from './profile-from-records.js';
import { readRecords } from './read-records.js';

/** What a reader accepts before it gives up; memory use follows these. */
export interface PprofLimits {
  /** Most bytes, after inflating too; 256 MiB when absent. */
  readonly maxBytes?: number | undefined;
  /** Most samples, stack entries, labels, locations, lines, functions and strings together; 2^25 when absent. */
  readonly maxEntries?: number | undefined;
}

/**
 * Reads a pprof profile, gzipped or not, whoever wrote it. Lines that were
 * inlined become frames of their own, code without symbols is named by its
 * address (in its file, where that is known) and keeps it, and values beyond 2^53 come out as the nearest number.
 * @throws FormatError with one line that says what is wrong and at which byte (after inflating)
 */
export function decodePprof(bytes: Uint8Array, limits: PprofLimits = {}): Profile {
  const { maxBytes = 2 ** 28, maxEntries = 2 ** 25 } = limits;
  const records = readRecords(inflate(bytes, maxBytes), maxEntries);
  if ((records.strings[0] ?? '') !== '')
    throw new FormatError('pprof', 'the string table does not begin with ""');
  return profileFromRecords(records);
}
