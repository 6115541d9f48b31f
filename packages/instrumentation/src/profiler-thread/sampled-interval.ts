import type { ProfilerThreadOptions } from '../protocol/messages.js';

/**
 * Returns the mean bytes between samples where exact mode does not run. Its interval is wanted also while other code has the
 * sampler of the main thread.
 */
export function sampledInterval({
  samplingInterval,
  tracedSamplingInterval,
  exact,
  detailedTracing,
}: Pick<
  ProfilerThreadOptions,
  'samplingInterval' | 'tracedSamplingInterval' | 'exact' | 'detailedTracing'
>): number {
  const isExact = exact !== undefined || (samplingInterval === 1 && detailedTracing);
  return isExact ? tracedSamplingInterval : samplingInterval;
}
