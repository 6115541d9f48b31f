import { FormatError } from '@heapray/exporter/pprof';

const FORMAT = 'V8 heap profile';
/** Most JSON values: each becomes an object of many bytes, so this and not the size of the file bounds memory. */
const MAX_VALUES = 2 ** 24;

const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** A node as it stands in the file; nothing about it is checked yet. */
export interface HeapNode {
  readonly callFrame?: {
    readonly functionName?: unknown;
    readonly url?: unknown;
    readonly lineNumber?: unknown;
    readonly columnNumber?: unknown;
  };
  readonly selfSize?: unknown;
  readonly children?: unknown;
}

/**
 * The root node of a `.heapprofile`.
 * @throws FormatError when it is too large, no JSON, or JSON of something else
 */
export function parseHeapProfile(bytes: Uint8Array): HeapNode {
  assertFewValues(bytes);
  const parsed = parse(decode(bytes));
  const { head, snapshot, nodes } = parsed as Record<string, unknown>;
  if (typeof head === 'object' && head !== null) return head;
  if (snapshot !== undefined) throw new FormatError(FORMAT, 'this is a heap snapshot, not a heap profile');
  if (nodes !== undefined) throw new FormatError(FORMAT, 'this is a CPU profile, not a heap profile');
  throw new FormatError(FORMAT, 'there is no `head`');
}

/** Every value but the first stands behind one of these; those in texts are counted too, which does no harm. */
function assertFewValues(bytes: Uint8Array): void {
  let values = 0;
  // By number: an iterator takes several times as long.
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === COMMA || byte === BRACKET || byte === BRACE) values++;
  }
  if (values > MAX_VALUES) throw new FormatError(FORMAT, `more than the limit of ${MAX_VALUES} values`);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(FORMAT, 'the text is not UTF-8', undefined, { cause });
  }
}

function parse(text: string): object {
  try {
    // The input begins with a brace, so it is an object or an error.
    return JSON.parse(text) as object;
  } catch (cause) {
    const { message } = cause as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    const at = position === undefined ? undefined : Number(position);
    if (at === text.length || /unexpected end|unterminated/i.test(message)) {
      throw new FormatError(FORMAT, 'the JSON is cut off', Buffer.byteLength(text), { cause });
    }
    const offset = at === undefined ? undefined : Buffer.byteLength(text.slice(0, at));
    throw new FormatError(FORMAT, 'the JSON is damaged', offset, { cause });
  }
}
