import path from 'node:path';
import type { NativeMapping, NativePlace } from '../profile/index.js';
import { demangled } from './demangle.js';
import { ElfFile, type ElfSegment } from './elf-file.js';
import { findFunctions } from './symbol-search.js';

const PAGE = 4096;
/**
 * Limits for the number of files that one look-up reads, and for the size of all their symbol tables: more than any
 * program has loaded.
 */
const MAX_FILES = 1024;
const MAX_SYMBOL_BYTES = 2 ** 29;
const DEBUG_FOLDER = '/usr/lib/debug/.build-id';

export interface SymbolFilesOptions {
  /**
   * Folder in which distributions store symbols, in files named by build ID. Default `/usr/lib/debug/.build-id`.
   */
  readonly debugFolder?: string;
  /**
   * True if places are of a running process on this machine: its files are those that were loaded, and a mapping may
   * be any part of a file. Default false: only a mapping with the layout of the file is trusted.
   */
  readonly isRunning?: boolean;
}

/** An address to look up, and its place. */
interface Wanted {
  readonly address: number;
  readonly place: NativePlace;
}

/** Finds the function names of native places in the symbol tables of their files. */
export class SymbolFiles {
  readonly #names: Map<string, string | undefined> = new Map();
  readonly #debugFolder: string;
  readonly #isRunning: boolean;
  #files = 0;
  #bytes = 0;

  /** Creates an empty lookup. */
  constructor({ debugFolder = DEBUG_FOLDER, isRunning = false }: SymbolFilesOptions = {}) {
    this.#debugFolder = debugFolder;
    this.#isRunning = isRunning;
  }

  /** Returns the function at a place that was looked up, with its file; undefined when unknown. */
  nameOf(place: NativePlace): string | undefined {
    return this.#names.get(this.#keyOf(place));
  }

  /** Looks up places that were not looked up before. */
  lookUp(places: readonly NativePlace[]): void {
    this.#files = 0;
    this.#bytes = 0;
    const unknown = places.filter(
      (place) => place.mapping !== undefined && !this.#names.has(this.#keyOf(place)),
    );
    for (const [file, inFile] of Map.groupBy(unknown, ({ mapping }) => mapping!.path)) {
      for (const place of inFile) this.#names.set(this.#keyOf(place), undefined);
      this.#lookUpIn(file, inFile);
    }
  }

  #lookUpIn(file: string, places: readonly NativePlace[]): void {
    if (this.#files === MAX_FILES) return;
    this.#files += 1;
    const elf = ElfFile.open(file);
    if (elf === undefined) return;
    try {
      const segments = elf.segments();
      const wanted = places.flatMap((place) => {
        const find = this.#isRunning ? addressOfOffset : addressInFile;
        const address = find(place, segments);
        return address === undefined ? [] : [{ address, place }];
      });
      const names = this.#functionsAt(elf, wanted);
      for (const { address, place } of wanted) {
        const name = names.get(address);
        if (name !== undefined)
          this.#names.set(this.#keyOf(place), `${demangled(name)} (${path.basename(file)})`);
      }
    } finally {
      elf.close();
    }
  }

  /** Returns functions by address, from the symbols of the file and those that were moved to a separate file. */
  #functionsAt(elf: ElfFile, wanted: readonly Wanted[]): Map<number, string> {
    const names = this.#functionsIn(elf, wanted);
    const left = wanted.filter(({ address }) => !names.has(address));
    const debug = left.length > 0 ? debugFileOf(elf, this.#debugFolder) : undefined;
    if (debug === undefined) return names;
    try {
      return new Map([...names, ...this.#functionsIn(debug, left)]);
    } finally {
      debug.close();
    }
  }

  #functionsIn(elf: ElfFile, wanted: readonly Wanted[]): Map<number, string> {
    const addresses = [...new Set(wanted.map(({ address }) => address))];
    const names = new Map<number, string>();
    for (const table of elf.symbolTables()) {
      const left = Float64Array.from(addresses.filter((address) => !names.has(address))).sort();
      if (left.length === 0) break;
      const maxBytes = MAX_SYMBOL_BYTES - this.#bytes;
      this.#bytes += Math.min(table.bytes, maxBytes);
      for (const [address, name] of findFunctions(elf, table, left, maxBytes)) names.set(address, name);
    }
    return names;
  }

  /** Returns a key that is equal for places that are equal in their file. */
  #keyOf(place: NativePlace): string {
    const { address, mapping } = place;
    if (mapping === undefined) return `${address}`;
    if (this.#isRunning) return `${offsetOf(place)} ${mapping.path}`;
    const { path: file, start, limit, fileOffset = 0 } = mapping;
    return `${address - start} ${fileOffset} ${limit - start} ${file}`;
  }
}

/** Returns the offset in the file of a place that has one. */
function offsetOf({ address, mapping }: NativePlace): number {
  return address - mapping!.start + (mapping!.fileOffset ?? 0);
}

/**
 * Returns the address as in the symbol table, of a place in any part of the file. V8, for example, maps a part of its
 * code a second time, nearer to compiled functions.
 */
function addressOfOffset(place: NativePlace, segments: readonly ElfSegment[]): number | undefined {
  const offset = offsetOf(place);
  const segment = segments.find(
    ({ isExecutable, fileOffset, memoryBytes }) =>
      isExecutable && fileOffset <= offset && offset < fileOffset + memoryBytes,
  );
  return segment && offset - segment.fileOffset + segment.address;
}

/**
 * Returns the address as in the symbol table. Undefined if the file has a different layout from the one that was
 * loaded.
 */
function addressInFile(
  { address, mapping }: NativePlace,
  segments: readonly ElfSegment[],
): number | undefined {
  const code = segments.filter(({ isExecutable }) => isExecutable);
  const { start, limit, fileOffset = 0 } = mapping!;
  if (limit === Infinity) {
    const isInside = code.some(
      (each) => address >= each.address && address < each.address + each.memoryBytes,
    );
    return isInside ? address : undefined;
  }
  const segment = code.find((each) => isLoadedAs(each, { start, limit, fileOffset }));
  if (segment === undefined) return undefined;
  return address - start + segment.address - (segment.address % PAGE);
}

/** Returns whether a segment, in whole pages, has the length and file offset of the mapping. */
function isLoadedAs(
  { fileOffset, address, memoryBytes }: ElfSegment,
  mapping: Required<Omit<NativeMapping, 'path'>>,
): boolean {
  const inPage = address % PAGE;
  const bytes = Math.ceil((inPage + memoryBytes) / PAGE) * PAGE;
  return fileOffset - inPage === mapping.fileOffset && bytes === mapping.limit - mapping.start;
}

/** Opens the file in which a distribution stores the symbols, by the build ID of the program. */
function debugFileOf(elf: ElfFile, folder: string): ElfFile | undefined {
  const id = elf.buildId();
  if (id === undefined || id.length < 4) return undefined;
  const debug = ElfFile.open(`${folder}/${id.slice(0, 2)}/${id.slice(2)}.debug`);
  if (debug === undefined || debug.buildId() === id) return debug;
  debug.close();
  return undefined;
}
