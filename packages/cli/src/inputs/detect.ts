/** The formats that commands tell apart. */
export type InputFormat = 'memray' | 'pprof' | 'heapprofile';

/** How many bytes from the beginning {@link detectFormat} may look at. */
export const HEAD_BYTES = 64;

const MEMRAY = [0x6d, 0x65, 0x6d, 0x72, 0x61, 0x79, 0x00];
/** memray compresses with LZ4, and its reader undoes that. */
const LZ4_FRAME = [0x04, 0x22, 0x4d, 0x18];
/** A byte order mark and blanks may stand before JSON. */
const JSON_OBJECT = /^(?:\u00ef\u00bb\u00bf)?[ \t\r\n]*\{/;
/** Fields 1 to 6 of a pprof profile, all repeated messages or texts; every known writer begins with one. */
const PPROF_TAGS = [0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x32];

/** The format of a file that begins with `head`, uncompressed; undefined when it does not look like any. Names do not count. */
export function detectFormat(head: Uint8Array): InputFormat | undefined {
  if (startsWith(head, MEMRAY) || startsWith(head, LZ4_FRAME)) return 'memray';
  if (JSON_OBJECT.test(Buffer.from(head).toString('latin1'))) return 'heapprofile';
  return PPROF_TAGS.includes(head[0] ?? 0) ? 'pprof' : undefined;
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, at) => bytes[at] === byte);
}
