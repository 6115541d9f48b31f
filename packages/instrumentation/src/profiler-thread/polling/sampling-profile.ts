/**
 * Reply of the inspector's `HeapProfiler.getSamplingProfile`: the state of V8's sampler at one moment.
 *
 * Sizes are bytes and already unsampled by V8 (scaled to represent all allocations, not only the sampled
 * ones). `selfSize` is unbiased. `samples[].size` is rounded to an integer multiple for each sample, so it is
 * only used for the share of a sample within its node.
 */
export interface SamplingProfile {
  readonly head: SamplingNode;
  readonly samples: readonly SamplingSample[];
}

/** A node of the call tree. Its id is never reused while the same sampler runs. */
export interface SamplingNode {
  readonly callFrame: CallFrame;
  /** Estimated live bytes allocated with exactly this stack. */
  readonly selfSize: number;
  readonly id: number;
  readonly children: readonly SamplingNode[];
}

/** A live sample. Ordinals count every sample taken since the sampler was started, from 1. */
export interface SamplingSample {
  readonly size: number;
  readonly nodeId: number;
  readonly ordinal: number;
}

/**
 * A function at its start position, never at the allocating line. Lines and columns count from 0, -1 if
 * unknown.
 */
export interface CallFrame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/**
 * Returns true if the profile is from a sampler with a smaller interval, so from one that other code has
 * started. V8 scales a sample of `s` bytes to `s * round(1 / (1 - exp(-s / interval)))`, which is at least the
 * interval.
 */
export function hasForeignInterval({ samples }: SamplingProfile, intervalBytes: number): boolean {
  return samples.some(({ size }) => size < intervalBytes);
}
