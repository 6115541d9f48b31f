import path from 'node:path';
import { BoundedCache } from './bounded-cache.js';
import { FileTooLarge, readTail, readWhole } from './bounded-file.js';
import { GeneratedCode, TooManyLines } from './generated-code.js';
import { findMapComment, type MapComment } from './map-comment.js';
import { locateMap } from './map-location.js';
import type { MappedCode } from './original-function.js';
import { BrokenMap, parseSourceMap } from './source-map.js';
import { sourcePath } from './source-path.js';

/** Limits for reading and caching. */
export interface SourceMapLimits {
  /** Maximum size of a map, in bytes; programs may have twice as much. Default: 64 MiB. */
  readonly maxMapBytes?: number;
  /** Maximum number of maps in memory. Default: 200. */
  readonly maxMaps?: number;
  /** Maximum bytes of all maps in memory, with their programs. Default: 128 MiB. */
  readonly maxTotalBytes?: number;
}

export interface SourceMapDeps {
  /** Called with a sentence about a map that cannot be used, once per program, or per package that came without its maps. */
  readonly report: (text: string) => void;
  /** Returns the folder of the package that a file belongs to. */
  readonly rootOf: (file: string) => string | undefined;
}

/** A program with its map, and the paths of the map's sources. */
export interface LoadedMap extends MappedCode {
  /** Returns the path of a source; see `sourcePath`. */
  pathOf(source: string): string;
}

const MIB = 1024 * 1024;
/** Bytes read first from the end of a program: enough for a comment with a URL, and for most inline maps. */
const TAIL_BYTES = 64 * 1024;
const TAIL_GROWTH = 16;
const MAX_PROGRAMS = 20_000;
const MAX_REPORTS = 200;
const INSTALLED = /[\\/]node_modules[\\/]/;

/**
 * Loads the source maps of programs from disk on first use. Reads synchronously, so it belongs on the
 * profiler thread, where it delays nothing but the profiler.
 *
 * Node's own cache of maps (`--enable-source-maps`, `module.findSourceMap`) is not used. It exists only on
 * the main thread, where lookups would cost the application, and only when the flag is given; and it holds
 * the same maps as the files. Exceptions are programs compiled in memory by a loader (tsx, ts-node),
 * whose maps are not used.
 */
export class SourceMapStore {
  readonly #deps: SourceMapDeps;
  readonly #maxMapBytes: number;
  readonly #maxTotalBytes: number;
  readonly #maps: BoundedCache<string, LoadedMap>;
  readonly #without = new BoundedCache<string, true>({ maxEntries: MAX_PROGRAMS });
  readonly #reported = new Set<string>();

  constructor(ports: SourceMapDeps, limits: SourceMapLimits = {}) {
    this.#deps = ports;
    this.#maxMapBytes = limits.maxMapBytes ?? 64 * MIB;
    this.#maxTotalBytes = limits.maxTotalBytes ?? 128 * MIB;
    this.#maps = new BoundedCache({ maxEntries: limits.maxMaps ?? 200, maxWeight: this.#maxTotalBytes });
  }

  /**
   * Number of maps in memory, their approximate size in bytes, and number of programs with unusable maps so
   * far. A package that came without its maps counts as one program.
   */
  get counts(): { readonly maps: number; readonly bytes: number; readonly unusable: number } {
    return { maps: this.#maps.size, bytes: this.#maps.weight, unusable: this.#reported.size };
  }

  /** Returns a program's map; undefined if it has none or an unusable one. Never throws. */
  get(program: string): LoadedMap | undefined {
    if (this.#without.get(program)) return undefined;
    const known = this.#maps.get(program);
    if (known) return known;
    try {
      const loaded = this.#load(program);
      if (loaded) return loaded;
    } catch (error) {
      this.#reportOnce(program, error);
    }
    this.#without.set(program, true);
    return undefined;
  }

  #load(program: string): LoadedMap | undefined {
    const comment = this.#commentIn(program);
    if (typeof comment === 'string') return undefined;
    const packageFolder = this.#deps.rootOf(program) ?? path.dirname(program);
    const location = locateMap(comment.url, program, packageFolder);
    const json = 'json' in location ? location.json : readWhole(location.file, this.#maxMapBytes);
    if (json.length > this.#maxMapBytes) throw new FileTooLarge(json.length, this.#maxMapBytes);
    const code = new GeneratedCode(this.#codeIn(program));
    const map = parseSourceMap(json, code.lines);
    const bytes = code.bytes + map.bytes;
    if (bytes > this.#maxTotalBytes) throw new FileTooLarge(bytes, this.#maxTotalBytes);
    const folder = path.dirname('file' in location ? location.file : program);
    const paths = new Map<string, string>();
    const pathOf = (source: string): string => {
      const file = paths.get(source) ?? sourcePath(source, { folder, packageFolder });
      paths.set(source, file);
      return file;
    };
    return this.#maps.set(program, { code, map, pathOf }, bytes);
  }

  /** Finds the map comment. Reads no more of the program than needed, as most have no map. */
  #commentIn(program: string): MapComment {
    for (let length = TAIL_BYTES; ; length *= TAIL_GROWTH) {
      const tail = tailOf(program, Math.min(length, this.#maxMapBytes * 2));
      if (!tail) return 'none';
      const comment = findMapComment(tail.bytes.toString('utf8'), tail.whole);
      if (comment !== 'cut' || length > this.#maxMapBytes * 2) return comment;
    }
  }

  /** Returns a program's text up to its last map comment. */
  #codeIn(program: string): string {
    const bytes = readWhole(program, this.#maxMapBytes * 2);
    const comment = bytes.lastIndexOf('sourceMappingURL=');
    return bytes.toString('utf8', 0, comment < 0 ? bytes.length : comment);
  }

  #reportOnce(program: string, error: unknown): void {
    const isStripped = isMissing(error) && INSTALLED.test(program);
    const folder = isStripped ? this.#deps.rootOf(program) : undefined;
    const key = folder ?? program;
    if (this.#reported.has(key) || this.#reported.size > MAX_REPORTS) return;
    this.#reported.add(key);
    const what = folder === undefined ? `source map of ${program} is` : `source maps of ${folder} are`;
    this.#deps.report(
      this.#reported.size > MAX_REPORTS
        ? 'source maps: no more of those that cannot be used are reported'
        : `${what} not used: ${reasonOf(error)}`,
    );
  }
}

/** Returns undefined if the file cannot be read: names of programs may be made up. */
function tailOf(program: string, maxBytes: number): ReturnType<typeof readTail> | undefined {
  try {
    return readTail(program, maxBytes);
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Explains why a map is not used, without quoting the file. */
function reasonOf(error: unknown): string {
  if (error instanceof BrokenMap) return error.message;
  if (error instanceof FileTooLarge || error instanceof TooManyLines)
    return `it is too large: ${error.message}`;
  const { code, path: file } = error as NodeJS.ErrnoException;
  if (isMissing(error)) return `${file} does not exist`;
  return `it cannot be read (${code ?? (error as Error).name})`;
}
