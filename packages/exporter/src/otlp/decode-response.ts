import { ownValue } from '../profile/model/own-value.js';
import { ByteReader } from '../wire/byte-reader.js';
import { FormatError } from '../wire/errors.js';
import { readEnd, readInt64, readMessage } from '../wire/proto-fields.js';
import { PARTIAL_SUCCESS, RESPONSE } from './otlp-fields.js';
import { parseJson } from './read/json-to-proto.js';
import { readText } from './read/read-value.js';

/** The answer of a receiver to an export. */
export interface ExportResponse {
  /** Number of OTLP profiles that it did not accept. */
  readonly rejected: number;
  /** Its reason, or a warning; empty for none. */
  readonly message: string;
}

const MAX_VALUES = 2 ** 16;

/**
 * Reads an OTLP `ExportProfilesServiceResponse`. An empty answer accepts everything.
 *
 * @throws FormatError with a one-line reason when it is damaged
 */
export function decodeExportResponse(bytes: Uint8Array, isJson: boolean): ExportResponse {
  if (bytes.length === 0) return { rejected: 0, message: '' };
  return isJson ? fromJson(parseJson(bytes, MAX_VALUES)) : fromProto(bytes);
}

function fromJson(json: unknown): ExportResponse {
  const partial = memberOf(json, 'partialSuccess');
  const rejected = Number(memberOf(partial, 'rejectedProfiles') ?? 0);
  const message = memberOf(partial, 'errorMessage') ?? '';
  if (!Number.isInteger(rejected) || typeof message !== 'string')
    throw new FormatError('otlp', 'the answer is not an ExportProfilesServiceResponse');
  return { rejected, message };
}

function memberOf(json: unknown, key: string): unknown {
  return typeof json === 'object' && json !== null
    ? ownValue(json as Readonly<Record<string, unknown>>, key)
    : undefined;
}

function fromProto(bytes: Uint8Array): ExportResponse {
  const reader = new ByteReader();
  reader.push(bytes);
  const found = { rejected: 0, message: '' };
  try {
    readMessage(reader, reader.end, noNumbers, (field) => {
      if (field !== RESPONSE.PARTIAL_SUCCESS) return false;
      const end = readEnd(reader, reader.end);
      readMessage(
        reader,
        end,
        (number) => {
          if (number !== PARTIAL_SUCCESS.REJECTED_PROFILES) return false;
          found.rejected = readInt64(reader);
          return true;
        },
        (part) => {
          if (part !== PARTIAL_SUCCESS.ERROR_MESSAGE) return false;
          found.message = readText(reader, readEnd(reader, end));
          return true;
        },
      );
      return true;
    });
  } catch (cause) {
    throw new FormatError('otlp', (cause as Error).message, Math.min(reader.position, bytes.length), {
      cause,
    });
  }
  return found;
}

function noNumbers(): boolean {
  return false;
}
