/** Input formats that commands distinguish. */
export type InputFormat = 'memray' | 'pprof' | 'heapprofile' | 'otlp';

/** Number of first bytes that {@link detectFormat} uses. */
export const HEAD_BYTES = 64;

const MEMRAY = [0x6d, 0x65, 0x6d, 0x72, 0x61, 0x79, 0x00];
/** Magic number of LZ4, with which memray compresses. The reader of captures decompresses it. */
const LZ4_FRAME = [0x04, 0x22, 0x4d, 0x18];
/** JSON may start with a byte order mark and white space. */
const JSON_OBJECT = /^(?:\u00ef\u00bb\u00bf)?[ \t\r\n]*\{/;
/** Start of OTLP profiles in JSON, with either of the two members first. */
const OTLP_JSON = /^(?:\u00ef\u00bb\u00bf)?[ \t\r\n]*\{[ \t\r\n]*"(?:resourceProfiles|dictionary)"/;
/** Tags of fields 1 to 6 of a pprof profile, all repeated messages or texts. Every known writer starts with one. */
const PPROF_TAGS = [0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x32];

const MAX_VARINT_BYTES = 10;

/**
 * Returns the format of a file from its first bytes, decompressed; undefined for no known format. File names are
 * ignored.
 */
export function detectFormat(head: Uint8Array): InputFormat | undefined {
  if (startsWith(head, MEMRAY) || startsWith(head, LZ4_FRAME)) return 'memray';
  const text = Buffer.from(head).toString('latin1');
  if (OTLP_JSON.test(text)) return 'otlp';
  if (JSON_OBJECT.test(text)) return 'heapprofile';
  if (isOtlp(head)) return 'otlp';
  return PPROF_TAGS.includes(head[0] ?? 0) ? 'pprof' : undefined;
}

/**
 * Returns whether a file is OTLP profiles as protocol buffers. As in pprof, its first field is a message with number 1 or 2. In
 * OTLP, field 1 consists of messages and texts, where pprof has a pair of numbers. Field 2 begins with the tables of mappings
 * and locations, whose first entries are empty, where pprof has a sample, which is not.
 */
function isOtlp(head: Uint8Array): boolean {
  const tag = head[0];
  if (tag !== 0x0a && tag !== 0x12) return false;
  // Skip the length.
  let at = 1;
  while (at < MAX_VARINT_BYTES && head[at]! >= 0x80) at += 1;
  const [first, length, next, nextLength] = head.subarray(at + 1);
  if (tag === 0x0a) return first === 0x0a || first === 0x12 || first === 0x1a;
  return first === 0x0a && length === 0 && (next === 0x0a || (next === 0x12 && nextLength === 0));
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, at) => bytes[at] === byte);
}
