import { type EncodeOtlpOptions, encodeOtlpProfiles, encodeOtlpProfilesJson } from '@heapray/exporter/otlp';
import { encodePprof, encodePprofGzip } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import { packageVersion } from '../version.js';
import type { Chunk } from './chunks.js';
import { encodeFolded } from './folded.js';
import { encodeHeapProfile } from './heapprofile.js';
import { encodeProfileJson } from './profile-json.js';

/** Output formats for any profile. */
export type ProfileFormat = 'pprof' | 'otlp' | 'otlp-json' | 'json' | 'folded' | 'heapprofile';

/** All output formats. Only a capture can be converted to a capture, because it contains more than a profile. */
export type OutputFormat = ProfileFormat | 'memray';

export const OUTPUT_FORMATS: readonly OutputFormat[] = [
  'pprof',
  'memray',
  'otlp',
  'otlp-json',
  'json',
  'folded',
  'heapprofile',
];

/** Formats by file name extension; the first that fits counts. */
const EXTENSIONS: readonly (readonly [string, OutputFormat])[] = [
  ['.otlp', 'otlp'],
  ['.otlp.pb', 'otlp'],
  ['.otlp.json', 'otlp-json'],
  ['.pb', 'pprof'],
  ['.pb.gz', 'pprof'],
  ['.pprof', 'pprof'],
  ['.bin', 'memray'],
  ['.json', 'json'],
  ['.folded', 'folded'],
  ['.collapsed', 'folded'],
  ['.heapprofile', 'heapprofile'],
];

/** Returns the format for a file name, or undefined. */
export function formatOfName(file: string): OutputFormat | undefined {
  return EXTENSIONS.find(([extension]) => file.toLowerCase().endsWith(extension))?.[1];
}

/** Returns whether a format has only one column. */
export function holdsOneColumn(format: OutputFormat): boolean {
  return format === 'folded' || format === 'heapprofile';
}

/**
 * Encodes the profile in a format.
 *
 * @param column index of the column, for formats with only one
 * @param file output file: a pprof file is gzipped, as usual, unless its name ends in `.pb`
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
    case 'otlp':
      return [encodeOtlpProfiles([profile], otlpOptions(profile))];
    case 'otlp-json':
      return [encodeOtlpProfilesJson([profile], otlpOptions(profile))];
    case 'json':
      return encodeProfileJson(profile);
    case 'folded':
      return encodeFolded(profile, column);
    case 'heapprofile':
      return encodeHeapProfile(profile, column);
  }
}

/** Names the service as an OpenTelemetry SDK does without a configuration. Receivers need a name. */
function otlpOptions({ program }: Profile): EncodeOtlpOptions {
  const name = program?.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1);
  return {
    resource: { 'service.name': name ? `unknown_service:${name}` : 'unknown_service' },
    scope: { name: 'heapray', version: packageVersion() },
  };
}
