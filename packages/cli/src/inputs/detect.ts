/** Input formats that commands distinguish. */
export type InputFormat = 'memray' | 'pprof' | 'heapprofile';

/** Number of first bytes that {@link detectFormat} uses. */
export const HEAD_BYTES = 64;

const MEMRAY = [0x6d, 0x65, 0x6d, 0x72, 0x61, 0x79, 0x00];
/** Magic number of LZ4, with which memray compresses. The reader of captures decompresses it. */
const LZ4_FRAME = [0x04, 0x22, 0x4d, 0x18];
/** JSON may start with a byte order mark and white space. */
const JSON_OBJECT = /^(?:\u00ef\u00bb\u00bf)?[ \t\r\n]*\{/;
/** Tags of fields 1 to 6 of a pprof profile, all repeated messages or texts. Every known writer starts with one. */
const PPROF_TAGS = [0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x32];

/**
 * Returns the format of a file from its first bytes, decompressed; undefined for no known format. File names are
 * ignored.
 */
export function detectFormat(head: Uint8Array): InputFormat | undefined {
  if (startsWith(head, MEMRAY) || startsWith(head, LZ4_FRAME)) return 'memray';
  if (JSON_OBJECT.test(Buffer.from(head).toString('latin1'))) return 'heapprofile';
  return PPROF_TAGS.includes(head[0] ?? 0) ? 'pprof' : undefined;
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, at) => bytes[at] === byte);
}
