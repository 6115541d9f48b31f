import util from 'node:util';
import type { BufferStack } from '../../protocol/buffer-events.js';
import type { RawFrame } from '../../protocol/code-place.js';
import { SafeMap } from '../../protocol/primordials.js';

/** A frame as Node gives it; names of fields differ by version. */
interface Site {
  readonly functionName: string;
  readonly scriptName: string;
  readonly scriptId?: string;
  readonly lineNumber: number;
  readonly columnNumber?: number;
  readonly column?: number;
}

/**
 * Returns plain values. An `Error` would keep the receivers and closures of its stack alive until its text is
 * read.
 */
const { getCallSites } = util;
const AS_COMPILED = { sourceMap: false };
/** Module of `Buffer`. */
const BUFFER_MODULE = 'node:buffer';
/** Shown below the function that made a small Buffer in a slab of Node's pool. */
const POOLED: RawFrame = { functionName: '(pooled)', url: '', lineNumber: -1, columnNumber: -1 };
/** Maximum number of frames of a stack. */
const MAX_FRAMES = 64;
/** Maximum number of known stacks; past it, all are forgotten. */
const MAX_STACKS = 4096;

/** Numbers stacks, so that each is sent to the profiler thread once. */
export class CallStacks {
  readonly #ids = new SafeMap<string, number>();
  #fresh: BufferStack[] = [];
  #newest = 0;
  #oldest = 1;
  /** Place of the calls in hooks, whose frames are left out. */
  readonly #hookPlace: string;

  /** @param hookPlaceOf calls back from a function that a hook has called, and returns what that returned */
  constructor(hookPlaceOf: (placeOfCaller: () => string) => string) {
    // The innermost two frames are the function below and the one that the hook has called.
    this.#hookPlace = hookPlaceOf(() => {
      const site = (getCallSites(3, AS_COMPILED) as unknown as readonly Site[])[2];
      return site ? placeOf(site) : '';
    });
  }

  /**
   * Returns the id of the present stack, from the innermost function outside of `node:buffer` on.
   *
   * @param isPooled adds a frame that says so
   * @param skipped number of heapray's own frames, this function's included
   */
  idOf(isPooled: boolean, skipped: number): number {
    const sites = getCallSites(MAX_FRAMES + skipped, AS_COMPILED) as unknown as readonly Site[];
    let key = isPooled ? POOLED.functionName : '';
    for (let at = skipped; at < sites.length; at++) {
      key += ` ${placeOf(sites[at]!)}`;
    }
    return this.#ids.get(key) ?? this.#add(key, isPooled, sites, skipped);
  }

  #add(key: string, isPooled: boolean, sites: readonly Site[], skipped: number): number {
    if (this.#ids.size >= MAX_STACKS) this.forget();
    const frames: RawFrame[] = [];
    if (isPooled) frames[0] = POOLED;
    let isInside = true;
    for (let at = skipped; at < sites.length; at++) {
      const site = sites[at]!;
      isInside &&= site.scriptName === BUFFER_MODULE || placeOf(site) === this.#hookPlace;
      if (isInside || placeOf(site) === this.#hookPlace) continue;
      frames[frames.length] = {
        functionName: site.functionName,
        url: site.scriptName,
        lineNumber: site.lineNumber - 1,
        columnNumber: columnOf(site) - 1,
      };
    }
    const id = ++this.#newest;
    this.#ids.set(key, id);
    this.#fresh[this.#fresh.length] = { id, frames, isCut: sites.length >= MAX_FRAMES + skipped };
    return id;
  }

  /** Smallest id that `idOf` may still return. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Returns the stacks that are new since the last call. */
  takeFresh(): readonly BufferStack[] {
    const stacks = this.#fresh;
    this.#fresh = [];
    return stacks;
  }

  /** Forgets all stacks, those of `takeFresh` too. */
  restart(): void {
    this.forget();
    this.#fresh = [];
  }

  /** Forgets all stacks; they get other ids when they come back. */
  forget(): void {
    this.#ids.clear();
    this.#oldest = this.#newest + 1;
  }
}

function placeOf(site: Site): string {
  return `${site.scriptId ?? site.scriptName}:${site.lineNumber}:${columnOf(site)}`;
}

function columnOf({ columnNumber, column }: Site): number {
  return columnNumber ?? column ?? 0;
}
