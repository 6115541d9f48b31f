import type { Ledger } from '../ledger/index.js';
import { durationText } from './leak-message.js';
import type { LeakProgress } from './suspect-rules.js';

/**
 * Describes the progress of leak detection and what it still lacks.
 *
 * @param atMillis present time on the clock of the ledger's polls
 */
export function progressText(ledger: Ledger, progress: LeakProgress, atMillis: number): string {
  const { windows, neededWindows, closedMillis, undecidedSites } = progress;
  const ago = (millis: number) => `${durationText((atMillis - millis) / 1000)} ago`;
  const { lastMajorMillis } = ledger.reachability;
  const sites = `${undecidedSites} growing call ${undecidedSites === 1 ? 'site is' : 'sites are'}`;
  return [
    `window ${windows} of ${neededWindows}`,
    ...(closedMillis === undefined ? [] : [`last closed ${ago(closedMillis)}`]),
    lastMajorMillis === undefined
      ? 'no major collection observed yet'
      : `last major collection ${ago(lastMajorMillis)}`,
    ...(undecidedSites === 0 ? [] : [`${sites} undecided until the next major collection`]),
  ].join(', ');
}
