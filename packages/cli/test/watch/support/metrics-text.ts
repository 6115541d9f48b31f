// The metrics of captures without a server.

import type { Hint, WatchedCapture } from '../../../src/watch/follow/watched-capture.js';
import { startWatchMetrics } from '../../../src/watch/metrics/watch-metrics.js';

/** Returns the page of metrics of captures and hints, as of the last poll. */
export async function metricsText(
  captures: readonly WatchedCapture[],
  hints: readonly Hint[] = [],
): Promise<string> {
  const source = { captures, hints, polls: 1 };
  const { page } = await startWatchMetrics(source, { otlp: undefined, note: () => {} });
  return Buffer.from(await page.bytes()).toString();
}
