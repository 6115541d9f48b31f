import type { ProfilerThreadOptions } from '../../protocol/messages.js';
import { sampledInterval } from '../sampled-interval.js';
import type { CapturesOptions } from './captures.js';
import { commandLineOf, exactLineOf, feedOptions } from './feed-options.js';

/**
 * Returns the options of the captures of this process.
 *
 * @param onFinished called for each finished file that is to be compressed
 */
export function capturesOptions(
  options: ProfilerThreadOptions,
  onFinished: CapturesOptions['onFinished'],
): CapturesOptions {
  const { home, maxCaptureBytes, maxCaptures, memrayCompress, endedThreads } = options;
  const { captureOverflow, aggregateCaptures, tracedSamplingInterval } = options;
  // Exact captures have a note of their own.
  const interval = Math.min(sampledInterval(options), tracedSamplingInterval);
  return {
    ...feedOptions(options, interval),
    commandLineOf: commandLineOf(options, interval),
    exactLineOf: exactLineOf(options),
    home,
    maxCaptureBytes,
    maxCaptures,
    isAggregated: aggregateCaptures,
    aggregateOverflow: captureOverflow === 'aggregate',
    endedThreads,
    onFinished: memrayCompress ? onFinished : undefined,
  };
}
