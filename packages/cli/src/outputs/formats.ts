import { encodePprof, encodePprofGzip } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import type { Chunk } from './chunks.js';
import { encodeFolded } from './folded.js';
import { encodeHeapProfile } from './heapprofile.js';
import { encodeProfileJson } from './profile-json.js';

/** What any profile can be written as. */
export type ProfileFormat = 'pprof' | 'json' | 'folded' | 'heapprofile';

/** A capture is more than a profile: only another capture can become one. */
export type OutputFormat = ProfileFormat | 'memray';

export const OUTPUT_FORMATS: readonly OutputFormat[] = ['pprof', 'memray', 'json', 'folded', 'heapprofile'];

/** Formats by the end of a file's name. */
const EXTENSIONS: readonly (readonly [string, OutputFormat])[] = [
  ['.pb', 'pprof'],
  ['.pb.gz', 'pprof'],
  ['.pprof', 'pprof'],
  ['.bin', 'memray'],
  ['.json', 'json'],
  ['.folded', 'folded'],
  ['.collapsed', 'folded'],
  ['.heapprofile', 'heapprofile'],
];

/** The format that a file's name asks for, or undefined. */
export function formatOfName(file: string): OutputFormat | undefined {
  return EXTENSIONS.find(([extension]) => file.toLowerCase().endsWith(extension))?.[1];
}

/** Whether a format holds one column only. */
export function holdsOneColumn(format: OutputFormat): boolean {
  return format === 'folded' || format === 'heapprofile';
}

/**
 * The profile in a format.
 * @param column number of the column, for formats that hold one
 * @param file where it goes: a pprof file is gzipped, as is usual, unless its name ends in `.pb`
 */
export async function encode(
  profile: Profile,
  format: ProfileFormat,
  column: number,
  file: string,
): Promise<Iterable<Chunk>> {
  switch (format) {
    case 'pprof':
      return [file.toLowerCase().endsWith('.pb') ? encodePprof(profile) : await encodePprofGzip(profile)];
    case 'json':
      return encodeProfileJson(profile);
    case 'folded':
      return encodeFolded(profile, column);
    case 'heapprofile':
      return encodeHeapProfile(profile, column);
  }
}
