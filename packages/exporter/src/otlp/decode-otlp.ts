import type { Profile } from '../profile/index.js';
import { ByteReader } from '../wire/byte-reader.js';
import { FormatError } from '../wire/errors.js';
import { joinedProfiles } from './read/joined-profiles.js';
import { isJson, protoFromJson } from './read/json-to-proto.js';
import { type OtlpLimits, ReadCounts } from './read/limits.js';
import { RequestReader } from './read/read-request.js';

export type { OtlpLimits } from './read/limits.js';

/**
 * Reads an OTLP `ExportProfilesServiceRequest` or `ProfilesData` (v1development) of any writer, as protocol buffers or JSON. The
 * profiles of one scope become the columns of one profile, if only their types of value differ. Inlined lines become separate
 * frames, and code without symbols is named by its address. Samples of equal stack and attributes are summed. Links to spans,
 * times of single samples, and attributes of anything but samples are not kept, except the comments and the program.
 *
 * @throws FormatError with a one-line reason, and the byte offset for protocol buffers
 */
export function decodeOtlpProfiles(bytes: Uint8Array, limits: OtlpLimits = {}): Profile[] {
  const counts = new ReadCounts(limits);
  if (bytes.length === 0) throw new FormatError('otlp', 'the input is empty');
  if (bytes.length > counts.maxBytes)
    throw new FormatError('otlp', `larger than the limit of ${counts.maxBytes} bytes`);
  const json = isJson(bytes);
  const reader = new ByteReader();
  try {
    reader.push(json ? protoFromJson(bytes, counts.maxEntries) : bytes);
    return joinedProfiles(new RequestReader(reader, counts).read(), reader, counts);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    // Positions in JSON were lost when it was read.
    const offset = json ? undefined : Math.min(reader.position, reader.end);
    throw new FormatError('otlp', (cause as Error).message, offset, { cause });
  }
}
