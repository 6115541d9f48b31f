import type { Profile } from '../profile/index.js';
import { jsonRequest } from './write/json-request.js';
import { type EncodeOtlpOptions, makeRequest } from './write/request.js';
import { writeRequest } from './write/write-request.js';

export type { EncodeOtlpOptions } from './write/request.js';

/**
 * Returns the profiles as an OTLP `ExportProfilesServiceRequest` (v1development), as protocol buffers. Each column becomes an
 * OTLP profile, whose samples are those that are not 0 in it. All profiles share one dictionary.
 *
 * @throws RangeError when a value does not fit into 64 bits, or the stacks take more than 64 MiB
 */
export function encodeOtlpProfiles(
  profiles: readonly Profile[],
  options: EncodeOtlpOptions = {},
): Uint8Array {
  return writeRequest(makeRequest(profiles), options);
}

/** Encodes as {@link encodeOtlpProfiles} does, as JSON. */
export function encodeOtlpProfilesJson(
  profiles: readonly Profile[],
  options: EncodeOtlpOptions = {},
): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(jsonRequest(makeRequest(profiles), options)));
}
