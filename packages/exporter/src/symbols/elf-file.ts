import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A part of the file that is loaded into memory. */
export interface ElfSegment {
  readonly isExecutable: boolean;
  readonly fileOffset: number;
  readonly address: number;
  readonly memoryBytes: number;
}

/** A symbol table, and the location of its names. */
export interface SymbolTable {
  readonly offset: number;
  readonly bytes: number;
  readonly namesOffset: number;
  readonly namesBytes: number;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly bytes: number;
  readonly link: number;
  readonly entryBytes: number;
}

interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly fileOffset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

const HEADER_BYTES = 64;
const MAGIC = 0x464c457f;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const SEGMENT_BYTES = 56;
const SECTION_BYTES = 64;
/** Maximum number of entries in a table. Only object files have more, and these are not loaded. */
const MAX_ENTRIES = 2 ** 16;
const LOADED = 1;
const NOTE_SEGMENT = 4;
const EXECUTABLE = 1;
const NOTE_SECTION = 7;
/** Section types of symbol tables: `.symtab` first, because it contains all of `.dynsym` if it exists. */
const SYMBOL_SECTIONS = [2, 11];
const SYMBOL_BYTES = 24;
const MAX_NOTE_BYTES = 2 ** 16;
const MAX_NOTES = 64;
const BUILD_ID = 3;

/**
 * An ELF file of a 64-bit little-endian machine, which memray supports. Invalid data is treated as absent. Reads only
 * what its tables specify, and limits these to what a program can have.
 */
export class ElfFile {
  readonly #descriptor: number;
  readonly #size: number;
  readonly #header: Buffer;

  private constructor(descriptor: number, size: number, header: Buffer) {
    this.#descriptor = descriptor;
    this.#size = size;
    this.#header = header;
  }

  /** Opens a file. Undefined if it cannot be read or is not such an ELF file. Call {@link close} afterwards. */
  static open(path: string): ElfFile | undefined {
    let descriptor: number | undefined;
    try {
      // Without O_NONBLOCK, opening a pipe would wait for a writer.
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = fstatSync(descriptor);
      const header = stats.isFile() ? readAt(descriptor, 0, HEADER_BYTES) : Buffer.alloc(0);
      if (isElf(header)) return new ElfFile(descriptor, stats.size, header);
    } catch {
      // Treat the file as missing.
    }
    if (descriptor !== undefined) closeSync(descriptor);
    return undefined;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Reads a range of the file. Returns fewer bytes at its end, and none on errors. */
  read(offset: number, length: number): Buffer {
    try {
      return readAt(this.#descriptor, offset, Math.max(0, Math.min(length, this.#size - offset)));
    } catch {
      return Buffer.alloc(0);
    }
  }

  segments(): readonly ElfSegment[] {
    return this.#programHeaders()
      .filter(({ type }) => type === LOADED)
      .map(({ flags, fileOffset, address, memoryBytes }) => {
        return { isExecutable: (flags & EXECUTABLE) !== 0, fileOffset, address, memoryBytes };
      });
  }

  symbolTables(): readonly SymbolTable[] {
    const sections = this.#sections();
    const tables = SYMBOL_SECTIONS.flatMap((wanted) => sections.filter(({ type }) => type === wanted));
    return tables
      .filter(({ entryBytes }) => entryBytes === SYMBOL_BYTES)
      .flatMap(({ offset, bytes, link }) => {
        const names = sections[link];
        if (names === undefined) return [];
        return [{ offset, bytes, namesOffset: names.offset, namesBytes: names.bytes }];
      });
  }

  /** Returns the build ID in hexadecimal; undefined without one. */
  buildId(): string | undefined {
    const sections = this.#sections().filter(({ type }) => type === NOTE_SECTION);
    const segments = this.#programHeaders().filter(({ type }) => type === NOTE_SEGMENT);
    const ranges = [
      ...sections.map(({ offset, bytes }) => ({ offset, bytes })),
      ...segments.map(({ fileOffset, fileBytes }) => ({ offset: fileOffset, bytes: fileBytes })),
    ];
    for (const { offset, bytes } of ranges.slice(0, MAX_NOTES)) {
      const found = buildIdIn(this.read(offset, Math.min(bytes, MAX_NOTE_BYTES)));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #programHeaders(): readonly ProgramHeader[] {
    const table = this.#table(this.#header, 32, 54, 56, SEGMENT_BYTES);
    return entries(table, SEGMENT_BYTES, (entry) => ({
      type: entry.readUInt32LE(0),
      flags: entry.readUInt32LE(4),
      fileOffset: number(entry, 8),
      address: number(entry, 16),
      fileBytes: number(entry, 32),
      memoryBytes: number(entry, 40),
    }));
  }

  #sections(): readonly Section[] {
    const table = this.#table(this.#header, 40, 58, 60, SECTION_BYTES);
    return entries(table, SECTION_BYTES, (entry) => ({
      type: entry.readUInt32LE(4),
      offset: number(entry, 24),
      bytes: number(entry, 32),
      link: entry.readUInt32LE(40),
      entryBytes: number(entry, 56),
    }));
  }

  #table(header: Buffer, offsetAt: number, sizeAt: number, countAt: number, entryBytes: number): Buffer {
    if (header.readUInt16LE(sizeAt) !== entryBytes) return Buffer.alloc(0);
    const count = Math.min(header.readUInt16LE(countAt), MAX_ENTRIES);
    return this.read(number(header, offsetAt), count * entryBytes);
  }
}

function isElf(header: Buffer): boolean {
  if (header.length < HEADER_BYTES || header.readUInt32LE(0) !== MAGIC) return false;
  return header[4] === CLASS_64 && header[5] === LITTLE_ENDIAN;
}

function entries<T>(table: Buffer, entryBytes: number, read: (entry: Buffer) => T): T[] {
  const count = Math.floor(table.length / entryBytes);
  return Array.from({ length: count }, (_, at) =>
    read(table.subarray(at * entryBytes, (at + 1) * entryBytes)),
  );
}

/** Reads a 64-bit number. Numbers beyond 2^53, which no file or program reaches, are rounded. */
function number(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}

/** Reads a range, or less at the end of the file. Throws the system's error. */
function readAt(descriptor: number, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(descriptor, buffer, filled, length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

/**
 * Returns the build ID in notes. Format of a note: name size, content size, type, name, content, each padded to 4
 * bytes.
 */
function buildIdIn(notes: Buffer): string | undefined {
  for (let at = 0; at + 12 <= notes.length; ) {
    const nameBytes = notes.readUInt32LE(at);
    const contentBytes = notes.readUInt32LE(at + 4);
    const content = at + 12 + padded(nameBytes);
    const end = content + padded(contentBytes);
    if (end > notes.length) return undefined;
    const isBuildId =
      notes.readUInt32LE(at + 8) === BUILD_ID && notes.toString('latin1', at + 12, at + 16) === 'GNU\0';
    if (isBuildId) return notes.toString('hex', content, content + contentBytes);
    at = end;
  }
  return undefined;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
