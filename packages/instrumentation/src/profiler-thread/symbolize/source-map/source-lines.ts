import { BoundedCache } from './bounded-cache.js';
import { readWhole } from './bounded-file.js';
import { GeneratedCode } from './generated-code.js';

const MIB = 1024 * 1024;
const MAX_FILE_BYTES = 4 * MIB;
const MAX_FILES = 100;
const MAX_TOTAL_BYTES = 16 * MIB;

/** Reads single lines of source files on request, and caches a few files. */
export class SourceLines {
  readonly #files = new BoundedCache<string, GeneratedCode | 'unreadable'>({
    maxEntries: MAX_FILES,
    maxWeight: MAX_TOTAL_BYTES,
  });

  /**
   * Returns the text of a line, counted from 1, with its line end. Undefined if the line does not exist, or
   * if the file cannot be read or is larger than 4 MiB. Never throws.
   */
  line(file: string, line: number): string | undefined {
    const code = this.#files.get(file) ?? this.#read(file);
    if (code === 'unreadable') return undefined;
    const start = code.offsetOf({ line: line - 1, column: 0 });
    return start === undefined
      ? undefined
      : code.text.slice(start, code.offsetOf({ line, column: 0 }) ?? code.text.length);
  }

  #read(file: string): GeneratedCode | 'unreadable' {
    try {
      const code = new GeneratedCode(readWhole(file, MAX_FILE_BYTES).toString('utf8'));
      return this.#files.set(file, code, code.bytes);
    } catch {
      return this.#files.set(file, 'unreadable');
    }
  }
}
