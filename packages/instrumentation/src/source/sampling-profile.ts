/**
 * The reply of the inspector's `HeapProfiler.getSamplingProfile`: what V8's sampler knows at one moment.
 *
 * Sizes are bytes and already unsampled by V8 (scaled to stand for all allocations, not just the sampled
 * ones). `selfSize` is unbiased; `samples[].size` carries integer rounding per sample, so it is only used
 * for the share of a sample within its node.
 */
export interface SamplingProfile {
  readonly head: SamplingNode;
  readonly samples: readonly SamplingSample[];
}

/** A node of the call tree. Its id is never used again while the same sampler runs. */
export interface SamplingNode {
  readonly callFrame: CallFrame;
  /** Estimated live bytes allocated with exactly this stack. */
  readonly selfSize: number;
  readonly id: number;
  readonly children: readonly SamplingNode[];
}

/** One live sample. Ordinals count every sample taken since the sampler was started, from 1. */
export interface SamplingSample {
  readonly size: number;
  readonly nodeId: number;
  readonly ordinal: number;
}

/** A function; V8 gives where it starts, never the allocating line. Lines and columns count from 0, -1 if unknown. */
export interface CallFrame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** How the sampler was started; decides what a poll costs and what can be known. */
export type SamplerMode = 'native-api' | 'binding' | 'inspector';

/** Whether polls under this mode see short-lived objects, so that allocation by site can be estimated. */
export function seesShortLived(mode: SamplerMode): boolean {
  return mode !== 'inspector';
}
