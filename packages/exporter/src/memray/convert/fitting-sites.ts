import type { SiteAmounts } from '../heap/site-amounts.js';
import type { CaptureModel } from '../model/capture-model.js';

/** Size of a row of an aggregated capture: a token, the thread and eight words. */
const ROW_BYTES = 73;
/** Maximum size of a node in the tree of stacks: a token and two numbers. */
const NODE_BYTES = 14;
/** Maximum size of a function and a frame, without their strings: tokens, numbers, terminators of strings. */
const FRAME_BYTES = 48;

export interface FittingSites {
  /** Kept sites, in the given order. */
  readonly kept: readonly number[];
  readonly leftOut: readonly number[];
}

/**
 * Selects the largest sites, by bytes at the high-water mark or alive, whose rows, stacks and frames fit into
 * `maxBytes`. If not all do, there is room for the rows of the others, which are summed by thread and allocator.
 */
export function fittingSites(
  model: CaptureModel,
  amounts: SiteAmounts,
  sites: readonly number[],
  maxBytes: number,
): FittingSites {
  const all = largestFitting(model, amounts, sites, maxBytes);
  if (all.leftOut.length === 0) return all;
  const sums = new Set(sites.map((site) => `${model.sites.thread(site)} ${model.sites.allocator(site)}`));
  return largestFitting(model, amounts, sites, maxBytes - ROW_BYTES * sums.size);
}

function largestFitting(
  model: CaptureModel,
  amounts: SiteAmounts,
  sites: readonly number[],
  maxBytes: number,
): FittingSites {
  const sizes = new SizeOfSites(model);
  const weight = (site: number) => Math.max(amounts.atPeak(site).bytes, amounts.live(site).bytes);
  const bySize = sites.map((site) => ({ site, weight: weight(site) })).sort((a, b) => b.weight - a.weight);
  const leftOut = new Set<number>();
  let left = maxBytes;
  for (const { site } of bySize) {
    const bytes = sizes.bytesFor(site, left);
    if (bytes > left) leftOut.add(site);
    else left -= bytes;
  }
  return { kept: sites.filter((site) => !leftOut.has(site)), leftOut: [...leftOut] };
}

/** Computes the size that each site adds to a file with the sites before it. */
class SizeOfSites {
  readonly #model: CaptureModel;
  readonly #stacks: Uint8Array;
  readonly #frames = new Set<number>();

  constructor(model: CaptureModel) {
    this.#model = model;
    this.#stacks = new Uint8Array(model.stackCount + 1);
  }

  /** Returns the maximum size that a site adds. If it is at most `maxBytes`, the site counts as being in the file. */
  bytesFor(site: number, maxBytes: number): number {
    const model = this.#model;
    const stacks: number[] = [];
    const frames = new Set<number>();
    let bytes = ROW_BYTES;
    for (let at = model.sites.stack(site); at !== 0 && this.#stacks[at] === 0; at = model.caller(at)) {
      stacks.push(at);
      bytes += NODE_BYTES;
      const frame = model.innermostFrame(at);
      if (this.#frames.has(frame) || frames.has(frame)) continue;
      frames.add(frame);
      const { functionName, file } = model.location(frame);
      bytes += FRAME_BYTES + Buffer.byteLength(functionName) + Buffer.byteLength(file);
    }
    if (bytes > maxBytes) return bytes;
    for (const stack of stacks) this.#stacks[stack] = 1;
    for (const frame of frames) this.#frames.add(frame);
    return bytes;
  }
}
