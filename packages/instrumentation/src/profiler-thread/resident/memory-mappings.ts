import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** A mapping of a process. Sizes are in bytes. */
export interface MemoryMapping {
  readonly start: number;
  /** End address, exclusive. */
  readonly end: number;
  /** For example `rw-p`. */
  readonly permissions: string;
  /** Path of a file, a name in brackets such as `[heap]`, or empty. */
  readonly name: string;
  /** Returns the resident memory that belongs to no file: pages of a file that were written to are in it too. */
  readonly anonymous: () => number;
}

const MAPS = '/proc/self/maps';
const SMAPS = '/proc/self/smaps';
const BUFFER_BYTES = 64 * 1024;
/** First line of a mapping: range, permissions, offset, device, inode, name. */
const HEADER = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)$/;
/** Written pages of a file that is mapped read-only are in small mappings: relocated addresses of a library. */
const MAX_WRITTEN_BYTES = 4 * 1024 * 1024;
/** Start of the last line of a mapping. */
const LAST_LINE = '\nVmFlags:';

/**
 * Reads the mappings of this process, in the order of their addresses.
 *
 * @param anonymousBytes returns the resident bytes of a range that belong to no file
 * @throws what the file system throws, and for a text without mappings
 */
export function readMaps(
  each: (mapping: MemoryMapping) => void,
  anonymousBytes: (start: number, end: number) => number,
  file: string = MAPS,
): void {
  let count = 0;
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const mapping = parseHeader(line);
    if (mapping === undefined) continue;
    count++;
    const { start, end } = mapping;
    each({ ...mapping, anonymous: () => (mayHavePages(mapping) ? anonymousBytes(start, end) : 0) });
  }
  if (count === 0) throw new Error(`${file}: no mappings in it`);
}

/** Returns whether a mapping may have pages without a file. Most of a large read-only one of a file is never written to. */
function mayHavePages({ start, end, permissions, name }: Header): boolean {
  if (permissions[0] !== 'r') return false;
  return (
    permissions[1] === 'w' || name === '' || (permissions[2] !== 'x' && end - start <= MAX_WRITTEN_BYTES)
  );
}

type Header = Omit<MemoryMapping, 'anonymous'>;

/** Parses the first line of a mapping; undefined for another line. */
function parseHeader(line: string): Header | undefined {
  const [, start, end, permissions = '', name = ''] = HEADER.exec(line) ?? [];
  if (start === undefined || end === undefined) return undefined;
  return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), permissions, name };
}

/**
 * Reads the mappings of this process from `smaps`, in the order of their addresses. The kernel walks the pages of each mapping, which takes
 * milliseconds per gigabyte. It returns at most a page of text per read, and holds the lock of the address space no longer.
 *
 * @throws what the file system throws, and for a text without mappings
 */
export function readSmaps(each: (mapping: MemoryMapping) => void, file: string = SMAPS): void {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    const parser = new MappingParser(each);
    for (;;) {
      const bytes = readSync(descriptor, buffer);
      if (bytes === 0) break;
      parser.add(buffer.toString('latin1', 0, bytes));
    }
    if (parser.count === 0) throw new Error(`${file}: no mappings in it`);
  } finally {
    closeSync(descriptor);
  }
}

/** Parses the text of `smaps`, in pieces of any length. */
export class MappingParser {
  readonly #each: (mapping: MemoryMapping) => void;
  #rest = '';
  #count = 0;

  constructor(each: (mapping: MemoryMapping) => void) {
    this.#each = each;
  }

  /** Number of mappings so far. */
  get count(): number {
    return this.#count;
  }

  add(piece: string): void {
    const text = this.#rest + piece;
    let start = 0;
    for (;;) {
      const last = text.indexOf(LAST_LINE, start);
      const end = last < 0 ? -1 : text.indexOf('\n', last + LAST_LINE.length);
      if (end < 0) break;
      this.#parse(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    // No mapping has that many lines: the format is not known.
    if (this.#rest.length > BUFFER_BYTES) throw new Error('smaps: a mapping has no flags');
  }

  #parse(text: string): void {
    const mapping = parseHeader(text.slice(0, text.indexOf('\n')));
    if (mapping === undefined) return;
    this.#count++;
    this.#each({ ...mapping, anonymous: () => bytesOf(text, '\nAnonymous:') });
  }
}

/** Returns the value of a line, in bytes; 0 without it. */
function bytesOf(text: string, key: string): number {
  const at = text.indexOf(key);
  return at < 0 ? 0 : Number.parseInt(text.slice(at + key.length, at + key.length + 24), 10) * 1024;
}
