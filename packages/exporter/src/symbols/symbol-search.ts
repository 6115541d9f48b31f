import type { ElfFile, SymbolTable } from './elf-file.js';

/** A function in a symbol table. */
interface Candidate {
  readonly start: number;
  readonly end: number;
  /** Offsets of its names. Several symbols with the same start are one function with several names. */
  readonly names: { readonly at: number; readonly isLocal: boolean }[];
}

const SYMBOL_BYTES = 24;
const PIECE_BYTES = SYMBOL_BYTES * 2 ** 15;
/** Types of symbols that are functions. The second one is resolved when the program is loaded. */
const FUNCTIONS = new Set([2, 10]);
const LOCAL = 0;
const MAX_ALIASES = 8;
/** Maximum number of functions around one another that are kept for an address. */
const MAX_NESTED = 8;
const NAME_PIECE_BYTES = 256;
/** Maximum length of a name in bytes: C++ names can be long, but longer ones are invalid. */
const MAX_NAME_BYTES = 2 ** 15;

/**
 * Finds the functions at addresses of a file. Takes time linear in the number of symbols, and memory linear in the
 * number of addresses.
 *
 * @param addresses unique addresses in ascending order
 * @param maxBytes maximum number of bytes of the table to read
 */
export function findFunctions(
  file: ElfFile,
  table: SymbolTable,
  addresses: Float64Array,
  maxBytes: number,
): Map<number, string> {
  const search = new SymbolSearch(addresses);
  const bytes = Math.min(table.bytes, maxBytes);
  for (let done = 0; done < bytes; done += PIECE_BYTES) {
    const piece = file.read(table.offset + done, Math.min(PIECE_BYTES, bytes - done));
    if (piece.length < SYMBOL_BYTES) break;
    addSymbols(search, piece);
  }
  const known = new Map<number, string | undefined>();
  const found = new Map<number, string>();
  for (const [address, { names }] of search.best()) {
    const spelled = names.flatMap(({ at, isLocal }) => {
      if (!known.has(at)) known.set(at, nameAt(file, table, at));
      const name = known.get(at);
      return name === undefined ? [] : [{ name, isLocal }];
    });
    const [best] = spelled.sort(plainestFirst);
    if (best !== undefined) found.set(address, best.name);
  }
  return found;
}

function addSymbols(search: SymbolSearch, piece: Buffer): void {
  for (let at = 0; at + SYMBOL_BYTES <= piece.length; at += SYMBOL_BYTES) {
    const info = piece[at + 4]!;
    // A symbol without a section is defined in another file.
    if (!FUNCTIONS.has(info & 15) || piece.readUInt16LE(at + 6) === 0) continue;
    const start = piece.readUInt32LE(at + 12) * 2 ** 32 + piece.readUInt32LE(at + 8);
    const size = piece.readUInt32LE(at + 20) * 2 ** 32 + piece.readUInt32LE(at + 16);
    search.add(start, size, piece.readUInt32LE(at), info >> 4 === LOCAL);
  }
}

/**
 * Selects the best symbol for each address from symbols in any order. A function without a size, as in assembly,
 * contains no address.
 */
class SymbolSearch {
  readonly #addresses: Float64Array;
  /**
   * Symbols by the index of the first address at or after their start, if they contain that address. Ordered by start;
   * each ends before the one in front of it.
   */
  readonly #around: (readonly Candidate[] | undefined)[] = [];

  constructor(addresses: Float64Array) {
    this.#addresses = addresses;
  }

  add(start: number, size: number, name: number, isLocal: boolean): void {
    const first = this.#firstFrom(start);
    if (first === this.#addresses.length) return;
    const end = start + size;
    if (end <= this.#addresses[first]!) return;
    const known = this.#around[first] ?? [];
    const same = known.find((each) => each.start === start);
    if (same !== undefined && same.end >= end) {
      if (same.names.length < MAX_ALIASES) same.names.push({ at: name, isLocal });
      return;
    }
    if (known.some((each) => each.start > start && each.end >= end)) return;
    const outer = known.filter((each) => each.start < start && each.end > end);
    const inner = known.filter((each) => each.start > start);
    const all = [...outer, { start, end, names: [{ at: name, isLocal }] }, ...inner];
    this.#around[first] = all.slice(-MAX_NESTED);
  }

  /** Yields each address whose function is known. */
  *best(): Generator<[number, Candidate]> {
    /** Functions that start before the address, ordered by start. */
    const around: Candidate[] = [];
    for (const [at, address] of this.#addresses.entries()) {
      for (const begins of this.#around[at] ?? []) around.push(begins);
      while (around.length > 0 && around.at(-1)!.end <= address) around.pop();
      const found = around.at(-1);
      if (found !== undefined) yield [address, found];
    }
  }

  #firstFrom(start: number): number {
    let low = 0;
    let high = this.#addresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#addresses[middle]! < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function nameAt(file: ElfFile, { namesOffset, namesBytes }: SymbolTable, at: number): string | undefined {
  for (let length = NAME_PIECE_BYTES; length <= MAX_NAME_BYTES; length *= 2) {
    const bytes = file.read(namesOffset + at, Math.min(length, namesBytes - at));
    const end = bytes.indexOf(0);
    if (end > 0) return withoutVersion(bytes.toString('utf8', 0, end));
    if (end === 0 || bytes.length < length) return undefined;
  }
  return undefined;
}

/** Removes the version of a symbol: `malloc@@GLIBC_2.2.5` becomes `malloc`. */
function withoutVersion(name: string): string {
  const version = name.indexOf('@');
  return version > 0 ? name.slice(0, version) : name;
}

interface Spelled {
  readonly name: string;
  readonly isLocal: boolean;
}

/**
 * Orders the names of a function, the one that callers use first: `malloc`, not `__libc_malloc` or
 * `__GI___libc_malloc`.
 */
function plainestFirst(a: Spelled, b: Spelled): number {
  if (a.isLocal !== b.isLocal) return a.isLocal ? 1 : -1;
  const underscores = (name: string) => /^_*/.exec(name)![0].length;
  return (
    underscores(a.name) - underscores(b.name) || a.name.length - b.name.length || (a.name < b.name ? -1 : 1)
  );
}
