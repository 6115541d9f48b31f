/** Part of a text, in bytes: from `start` up to, but not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** Longest key that is returned, in bytes. */
const MAX_KEY_BYTES = 64;

/** Maximum number of members; far more than a map has sections. */
const MAX_MEMBERS = 100_000;

/** Thrown for text that is not JSON, as far as it has to be read to find the members. */
export class JsonShapeError extends Error {}

/**
 * Finds the members of a JSON object, or of an array with the keys `0`, `1` and so on, without building
 * objects. Most of a source map is the text of the sources, which is not needed, and `JSON.parse` would turn
 * a hostile text into objects many times its size. Values are read only to find their ends.
 *
 * @throws JsonShapeError when brackets or strings do not match
 */
export function jsonMembers(json: Buffer, range: Range = { start: 0, end: json.length }): Map<string, Range> {
  const members = new Map<string, Range>();
  let at = skipBlanks(json, range.start, range.end);
  const isObject = json[at] === OPEN_BRACE;
  if (!isObject && json[at] !== OPEN_BRACKET) throw new JsonShapeError('not an object');
  const close = isObject ? CLOSE_BRACE : CLOSE_BRACKET;
  at = skipBlanks(json, at + 1, range.end);
  while (json[at] !== close) {
    let key: string | undefined = String(members.size);
    if (isObject) {
      const keyEnd = endOfString(json, at, range.end);
      key = keyOf(json, at, keyEnd);
      at = skipBlanks(json, keyEnd, range.end);
      if (json[at] !== COLON) throw new JsonShapeError('no colon after a key');
      at = skipBlanks(json, at + 1, range.end);
    }
    const end = endOfValue(json, at, range.end);
    if (key !== undefined) members.set(key, { start: at, end });
    if (members.size > MAX_MEMBERS) throw new JsonShapeError('too many members');
    at = skipBlanks(json, end, range.end);
    if (json[at] === COMMA) at = skipBlanks(json, at + 1, range.end);
    else if (json[at] !== close) throw new JsonShapeError('members without a comma between them');
    if (at >= range.end) throw new JsonShapeError('it ends within an object');
  }
  return members;
}

/** Returns true if a value contains a bracket after its first character, outside strings. */
export function isNested(json: Buffer, { start, end }: Range): boolean {
  for (let at = start + 1; at < end; at++) {
    const code = json[at];
    if (code === QUOTE) at = endOfString(json, at, end) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) return true;
  }
  return false;
}

function keyOf(json: Buffer, start: number, end: number): string | undefined {
  if (end - start > MAX_KEY_BYTES) return undefined;
  // Keys with escapes do not match any wanted key, so they need not be decoded.
  return json.toString('latin1', start + 1, end - 1);
}

function endOfValue(json: Buffer, start: number, limit: number): number {
  const code = json[start];
  if (code === QUOTE) return endOfString(json, start, limit);
  if (code === OPEN_BRACE || code === OPEN_BRACKET) return endOfBrackets(json, start, limit);
  let at = start;
  while (at < limit && !isDelimiter(json[at] ?? COMMA)) at++;
  if (at === start) throw new JsonShapeError('a value is missing');
  return at;
}

function endOfBrackets(json: Buffer, start: number, limit: number): number {
  let depth = 0;
  for (let at = start; at < limit; at++) {
    const code = json[at];
    if (code === QUOTE) at = endOfString(json, at, limit) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at + 1;
  }
  throw new JsonShapeError('brackets are not closed');
}

function endOfString(json: Buffer, start: number, limit: number): number {
  if (json[start] !== QUOTE) throw new JsonShapeError('a string is missing');
  let at = start;
  for (;;) {
    at = json.indexOf(QUOTE, at + 1);
    if (at < 0 || at >= limit) throw new JsonShapeError('it ends within a string');
    let backslash = at - 1;
    while (json[backslash] === BACKSLASH) backslash--;
    // An even number of backslashes before a quote does not escape it.
    if ((at - 1 - backslash) % 2 === 0) return at + 1;
  }
}

function isDelimiter(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= 0x20;
}

function skipBlanks(json: Buffer, from: number, limit: number): number {
  let at = from;
  while (at < limit && (json[at] ?? 0) <= 0x20) at++;
  return at;
}
