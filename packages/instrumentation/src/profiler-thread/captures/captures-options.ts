import type { ProfilerThreadOptions } from '../../protocol/messages.js';
import type { CapturesOptions } from './captures.js';
import { commandLineOf, feedOptions } from './feed-options.js';

/**
 * Returns the options of the captures of this process.
 *
 * @param onFinished called for each finished file that is to be compressed
 */
export function capturesOptions(
  options: ProfilerThreadOptions,
  onFinished: CapturesOptions['onFinished'],
): CapturesOptions {
  const { home, maxCaptureBytes, maxCaptures, captureOverflow, memrayCompress, endedThreads } = options;
  const interval = Math.min(options.samplingInterval, options.tracedSamplingInterval);
  return {
    ...feedOptions(options, interval),
    commandLineOf: commandLineOf(options, interval),
    home,
    maxCaptureBytes,
    maxCaptures,
    aggregateOverflow: captureOverflow === 'aggregate',
    endedThreads,
    onFinished: memrayCompress ? onFinished : undefined,
  };
}
