import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const PAGEMAP = '/proc/self/pagemap';
const AUXV = '/proc/self/auxv';
const BUFFER_BYTES = 64 * 1024;
/** Bytes of a page's entry in `pagemap`. */
const ENTRY_BYTES = 8;
/** Upper half of an entry: bit 31 for a page in memory, bit 29 for one of a file or of shared memory. */
const FLAGS_SHIFT = 29;
const FLAGS_MASK = 0b101;
const ANONYMOUS = 0b100;
/** Key of the page size in the auxiliary vector. */
const AT_PAGESZ = 6n;

/** Counts the resident pages of address ranges of this process. */
export class ResidentPages {
  readonly #descriptor: number;
  readonly #pageBytes: number;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly #words = new Uint32Array(this.#buffer.buffer);

  /**
   * Opens the page table.
   *
   * @throws what the file system throws, as without a permission
   */
  constructor(file: string = PAGEMAP, pageBytes: number = readPageBytes()) {
    this.#pageBytes = pageBytes;
    this.#descriptor = openSync(file, 'r');
  }

  /** Returns the resident bytes of a range that belong to no file. The kernel walks its pages: milliseconds per gigabyte. */
  anonymousBytes(start: number, end: number): number {
    let at = Math.floor(start / this.#pageBytes);
    const last = Math.floor(end / this.#pageBytes);
    let pages = 0;
    while (at < last) {
      const wanted = Math.min(BUFFER_BYTES, (last - at) * ENTRY_BYTES);
      const entries = Math.floor(this.#read(wanted, at * ENTRY_BYTES) / ENTRY_BYTES);
      if (entries === 0) break;
      for (let entry = 0; entry < entries; entry++) {
        if (((this.#words[2 * entry + 1]! >>> FLAGS_SHIFT) & FLAGS_MASK) === ANONYMOUS) pages++;
      }
      at += entries;
    }
    return pages * this.#pageBytes;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(bytes: number, position: number): number {
    return readSync(this.#descriptor, this.#buffer, 0, bytes, position);
  }
}

/** Returns the size of a page, in bytes, as the kernel told the process at its start. */
function readPageBytes(): number {
  const bytes = readFileSync(AUXV);
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    if (bytes.readBigUInt64LE(at) === AT_PAGESZ) return Number(bytes.readBigUInt64LE(at + 8));
  }
  throw new Error(`${AUXV}: no page size in it`);
}
