import path from 'node:path';
import { type Package, PackageLookup } from '@heapray/exporter/call-sites';
import { boundedName, boundedPath, type Frame } from '../ledger/call-tree.js';
import { ANONYMOUS, displayName, frameKind, shortPath } from './frame-names.js';
import { mayStartSeveral } from './function-starts.js';
import { originalFunction } from './original-function.js';
import { SourceLines } from './source-lines.js';
import { type SourceMapLimits, SourceMapStore } from './source-map-store.js';

export interface BlameOptions {
  /** Takes a sentence about a source map that cannot be used; called once per program. */
  readonly report?: (text: string) => void;
  /** Files below it are named relative to it for people. Default: full paths. */
  readonly workingFolder?: string;
  /**
   * The code of a program as it was loaded, for programs that a loader compiles in memory, so that the file
   * does not hold what runs. Undefined for all others. Its inline source map is then used.
   */
  readonly loadedCode?: (file: string) => string | undefined;
  readonly limits?: SourceMapLimits;
  readonly packages?: PackageLookup;
}

/** Who wrote a function. */
export interface Blamed {
  /** The function as its author wrote it; the frame itself when no source map says otherwise. */
  readonly frame: Frame;
  /** The package of the original file: of a bundled dependency, the dependency. */
  readonly package: Package;
  /** A name by which people find it, also when it has none; see `displayName`. */
  readonly displayName: string;
}

/**
 * Says which original function and which package a frame belongs to. Reads source maps and manifests from
 * disk when they are first needed, synchronously, and keeps a bounded number of them: for the profiler
 * thread. Never throws. The position is where a function starts, as V8 gives it, never an allocating line.
 */
export class Blame {
  readonly packages: PackageLookup;
  readonly #maps: SourceMapStore;
  readonly #lines = new SourceLines();
  readonly #workingFolder: string | undefined;
  /** Answers live as long as the frames; the call tree keeps one frame per function. */
  readonly #known = new WeakMap<Frame, Blamed>();

  constructor(options: BlameOptions = {}) {
    this.packages = options.packages ?? new PackageLookup();
    this.#workingFolder = options.workingFolder;
    const ports = {
      report: options.report ?? (() => {}),
      rootOf: (file: string) => this.packages.rootOf(file),
      loadedCode: options.loadedCode ?? (() => undefined),
    };
    this.#maps = new SourceMapStore(ports, options.limits);
  }

  /** Source maps in memory, about how many bytes they take, and programs whose maps could not be used. */
  get counts(): { readonly maps: number; readonly bytes: number; readonly unusable: number } {
    return this.#maps.counts;
  }

  /** Who wrote a function. The same frame object always gets the same answer. */
  of(frame: Frame): Blamed {
    const known = this.#known.get(frame);
    if (known) return known;
    const original = this.#original(frame);
    const blamed = {
      frame: original,
      package: this.packages.packageOf(original.file),
      displayName: displayName(original, this.#workingFolder),
    };
    this.#known.set(frame, blamed);
    return blamed;
  }

  /** A file's path as messages show it; see `shortPath`. */
  shortFileOf(file: string): string {
    return shortPath(file, this.#workingFolder);
  }

  /**
   * Whether no other function starts on the line of this one, by the source file as it is on disk; false when that
   * cannot be read.
   *
   * @param frame as its author wrote it
   */
  isAloneOnLine(frame: Frame): boolean {
    if (frame.line < 1 || frameKind(frame) !== 'file' || !path.isAbsolute(frame.file)) return false;
    const line = this.#lines.line(frame.file, frame.line);
    return line !== undefined && !mayStartSeveral(line, frame.line === 1);
  }

  #original(frame: Frame): Frame {
    if (frame.line < 1 || frame.column < 1 || frameKind(frame) !== 'file') return frame;
    if (!path.isAbsolute(frame.file)) return frame;
    const loaded = this.#maps.get(frame.file);
    if (!loaded) return frame;
    const at = { line: frame.line - 1, column: frame.column - 1 };
    const found = originalFunction(loaded, at, frame.functionName === ANONYMOUS ? '' : frame.functionName);
    if (!found) return frame;
    return {
      ...frame,
      functionName: boundedName(found.name) || ANONYMOUS,
      file: boundedPath(loaded.pathOf(found.source)),
      line: found.line + 1,
      column: found.column + 1,
    };
  }
}
