import path from 'node:path';
import { BoundedCache } from './bounded-cache.js';
import { FileTooLarge, readTail, readWhole } from './bounded-file.js';
import { GeneratedCode, TooManyLines } from './generated-code.js';
import { findMapComment, type MapComment } from './map-comment.js';
import { locateMap } from './map-location.js';
import type { MappedCode } from './original-function.js';
import { BrokenMap, parseSourceMap } from './source-map.js';
import { sourcePath } from './source-path.js';

/** How much may be read and kept. */
export interface SourceMapLimits {
  /** Maps larger than this, in bytes, are not read; nor is a program of more than twice as much. Default 64 MiB. */
  readonly maxMapBytes?: number;
  /** So many maps are kept in memory. Default 200. */
  readonly maxMaps?: number;
  /** Bytes that the maps in memory may take together, with their programs. Default 128 MiB. */
  readonly maxTotalBytes?: number;
}

export interface SourceMapPorts {
  /** Takes a sentence about a map that cannot be used; called once per program. */
  readonly report: (text: string) => void;
  /** The folder of the package that a file belongs to. */
  readonly rootOf: (file: string) => string | undefined;
  /** The code of a program as it was loaded, where that is not what its file holds. */
  readonly loadedCode: (file: string) => string | undefined;
}

/** A program with its map, and the paths of the map's sources. */
export interface LoadedMap extends MappedCode {
  /** The path of a source; see `sourcePath`. */
  pathOf(source: string): string;
}

const MIB = 1024 * 1024;
/** Enough for the comment with a URL, and for the whole of most programs' inline maps. */
const TAIL_BYTES = 64 * 1024;
const TAIL_GROWTH = 16;
const MAX_PROGRAMS = 20_000;
const MAX_REPORTS = 200;

/**
 * The source maps of programs, read from disk when they are first asked for. Reading is synchronous: it is
 * meant for the profiler thread, where it holds up nothing but the profiler.
 *
 * Node's own cache of maps (`--enable-source-maps`, `module.findSourceMap`) is not used: it exists on the
 * main thread only, where asking it would cost the application, only when the flag was given, and it holds
 * what the files hold. The exception is code that a loader made in memory (tsx, ts-node); `loadedCode` is
 * the seam for it.
 */
export class SourceMapStore {
  readonly #ports: SourceMapPorts;
  readonly #maxMapBytes: number;
  readonly #maxTotalBytes: number;
  readonly #maps: BoundedCache<string, LoadedMap>;
  readonly #without = new BoundedCache<string, true>({ maxEntries: MAX_PROGRAMS });
  readonly #reported = new Set<string>();

  constructor(ports: SourceMapPorts, limits: SourceMapLimits = {}) {
    this.#ports = ports;
    this.#maxMapBytes = limits.maxMapBytes ?? 64 * MIB;
    this.#maxTotalBytes = limits.maxTotalBytes ?? 128 * MIB;
    this.#maps = new BoundedCache({ maxEntries: limits.maxMaps ?? 200, maxWeight: this.#maxTotalBytes });
  }

  /** Maps in memory now, about how many bytes they take, and programs whose maps could not be used so far. */
  get counts(): { readonly maps: number; readonly bytes: number; readonly unusable: number } {
    return { maps: this.#maps.size, bytes: this.#maps.weight, unusable: this.#reported.size };
  }

  /** A program's map; undefined when it has none, or none that can be used. Never throws. */
  get(program: string): LoadedMap | undefined {
    if (this.#without.get(program)) return undefined;
    const known = this.#maps.get(program);
    if (known) return known;
    try {
      const loaded = this.#load(program);
      if (loaded) return loaded;
    } catch (error) {
      this.#reportOnce(program, reasonOf(error));
    }
    this.#without.set(program, true);
    return undefined;
  }

  #load(program: string): LoadedMap | undefined {
    const inMemory = this.#ports.loadedCode(program);
    const comment = inMemory === undefined ? this.#commentIn(program) : findMapComment(inMemory, true);
    if (typeof comment === 'string') return undefined;
    const packageFolder = this.#ports.rootOf(program) ?? path.dirname(program);
    const location = locateMap(comment.url, program, packageFolder);
    const json = 'json' in location ? location.json : readWhole(location.file, this.#maxMapBytes);
    if (json.length > this.#maxMapBytes) throw new FileTooLarge(json.length, this.#maxMapBytes);
    const code = new GeneratedCode(inMemory ?? this.#codeIn(program));
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

  /** Reads no more of the program than it takes: most have no map. */
  #commentIn(program: string): MapComment {
    for (let length = TAIL_BYTES; ; length *= TAIL_GROWTH) {
      const tail = tailOf(program, Math.min(length, this.#maxMapBytes * 2));
      if (!tail) return 'none';
      const comment = findMapComment(tail.bytes.toString('utf8'), tail.whole);
      if (comment !== 'cut' || length > this.#maxMapBytes * 2) return comment;
    }
  }

  /** A program's text up to its last comment about a map. */
  #codeIn(program: string): string {
    const bytes = readWhole(program, this.#maxMapBytes * 2);
    const comment = bytes.lastIndexOf('sourceMappingURL=');
    return bytes.toString('utf8', 0, comment < 0 ? bytes.length : comment);
  }

  #reportOnce(program: string, reason: string): void {
    if (this.#reported.has(program) || this.#reported.size > MAX_REPORTS) return;
    this.#reported.add(program);
    this.#ports.report(
      this.#reported.size > MAX_REPORTS
        ? 'source maps: no more of those that cannot be used are reported'
        : `source map of ${program} is not used: ${reason}`,
    );
  }
}

/** Undefined when there is no such file to be read: names of programs may be made up. */
function tailOf(program: string, maxBytes: number): ReturnType<typeof readTail> | undefined {
  try {
    return readTail(program, maxBytes);
  } catch {
    return undefined;
  }
}

/** Why a map is not used, without anything from inside the file. */
function reasonOf(error: unknown): string {
  if (error instanceof BrokenMap) return error.message;
  if (error instanceof FileTooLarge || error instanceof TooManyLines)
    return `it is too large: ${error.message}`;
  const { code, path: file } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `${file} does not exist`;
  return `it cannot be read (${code ?? (error as Error).name})`;
}
