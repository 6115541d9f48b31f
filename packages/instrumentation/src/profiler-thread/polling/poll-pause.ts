import type { SamplerMode } from '../../protocol/sampler-mode.js';

/**
 * Estimates how long a poll stopped the main thread, in ms. The latency is an upper bound: it includes
 * waiting until the main thread leaves native code, which is not the profiler's cost. V8 needs under 1
 * microsecond per sample and node, so the pause is at most that, unless the mode forces a collection.
 */
export function pauseOf(mode: SamplerMode, latencyMillis: number, samplesAndNodes: number): number {
  if (mode === 'inspector') return latencyMillis;
  return Math.min(latencyMillis, 0.3 + 0.001 * samplesAndNodes);
}
