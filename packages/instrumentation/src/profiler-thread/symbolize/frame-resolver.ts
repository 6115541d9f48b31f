import path from 'node:path';
import { PackageLookup } from '@heapray/exporter/call-sites';
import { boundedName, boundedPath, type Frame } from '../ledger/state/call-tree.js';
import { ANONYMOUS, frameKind, shortPath } from './frame-names.js';
import { mayStartSeveral } from './function-starts.js';
import { originalFunction } from './source-map/original-function.js';
import { SourceLines } from './source-map/source-lines.js';
import { type SourceMapLimits, SourceMapStore } from './source-map/source-map-store.js';

export interface FrameResolverOptions {
  /** Called with a sentence about a source map that cannot be used, once per program. */
  readonly report?: (text: string) => void;
  /** Display names of files in this folder are relative to it. Default: full paths. */
  readonly workingFolder?: string;
  readonly limits?: SourceMapLimits;
  readonly packages?: PackageLookup;
}

/**
 * Resolves frames to their original function, and finds packages. Reads source maps and manifests from disk when they
 * are first needed, synchronously, and caches a bounded number of them, so it belongs on the profiler thread.
 * Never throws. Positions are where a function starts, as V8 reports it, never an allocating line.
 */
export class FrameResolver {
  readonly packages: PackageLookup;
  readonly #maps: SourceMapStore;
  readonly #lines = new SourceLines();
  readonly #workingFolder: string | undefined;
  /** Answers live as long as their frames; the call tree keeps one frame for each function. */
  readonly #known = new WeakMap<Frame, Frame>();

  constructor(options: FrameResolverOptions = {}) {
    this.packages = options.packages ?? new PackageLookup();
    this.#workingFolder = options.workingFolder;
    const ports = {
      report: options.report ?? (() => {}),
      rootOf: (file: string) => this.packages.rootOf(file),
    };
    this.#maps = new SourceMapStore(ports, options.limits);
  }

  /**
   * Number of source maps in memory, their approximate size in bytes, and number of programs with unusable
   * maps.
   */
  get counts(): { readonly maps: number; readonly bytes: number; readonly unusable: number } {
    return this.#maps.counts;
  }

  /**
   * Returns the function in its original source, or the frame itself without a usable source map. The same frame object always
   * gets the same answer.
   */
  of(frame: Frame): Frame {
    const known = this.#known.get(frame);
    if (known) return known;
    const original = this.#original(frame);
    this.#known.set(frame, original);
    return original;
  }

  /**
   * Returns the original file, line and column of a frame that has the position of a call, not the start of the
   * function. Its name stays.
   */
  ofCall(frame: Frame): Frame {
    const known = this.#known.get(frame);
    if (known) return known;
    const original = this.#originalCall(frame);
    this.#known.set(frame, original);
    return original;
  }

  /** Returns a file's path as shown in messages; see `shortPath`. */
  shortFileOf(file: string): string {
    return shortPath(file, this.#workingFolder);
  }

  /**
   * Returns true if no other function starts on the line of this one, according to the source file on disk.
   * False if that cannot be read.
   *
   * @param frame function in its original source
   */
  isAloneOnLine(frame: Frame): boolean {
    if (frame.line < 1 || frameKind(frame) !== 'file' || !path.isAbsolute(frame.file)) return false;
    const line = this.#lines.line(frame.file, frame.line);
    return line !== undefined && !mayStartSeveral(line, frame.line === 1);
  }

  #originalCall(frame: Frame): Frame {
    const loaded = this.#mapOf(frame);
    const found = loaded?.map.atOrBefore(frame.line - 1, frame.column - 1)?.original;
    if (!loaded || !found) return frame;
    const { source, line, column } = found;
    return { ...frame, file: boundedPath(loaded.pathOf(source)), line: line + 1, column: column + 1 };
  }

  #mapOf(frame: Frame) {
    if (frame.line < 1 || frame.column < 1 || frameKind(frame) !== 'file') return undefined;
    return path.isAbsolute(frame.file) ? this.#maps.get(frame.file) : undefined;
  }

  #original(frame: Frame): Frame {
    const loaded = this.#mapOf(frame);
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
