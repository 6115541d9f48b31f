import type { Ledger } from '../ledger/index.js';
import { durationText } from './leak-message.js';
import type { LeakProgress, LeakRestart } from './suspect-rules.js';

const RESTARTS: Readonly<Record<LeakRestart, string>> = {
  interval: 'since the sampling interval changed',
  sampler: 'since the sampler was started again',
};

/**
 * Describes the progress of leak detection and what it still lacks.
 *
 * @param atMillis present time on the clock of the ledger's polls
 */
export function progressText(ledger: Ledger, progress: LeakProgress, atMillis: number): string {
  const { windows, neededWindows, closedMillis, undecidedSites, restartedBy } = progress;
  const ago = (millis: number) => `${durationText((atMillis - millis) / 1000)} ago`;
  const { lastMajorMillis } = ledger.reachability;
  const sites = `${undecidedSites} growing call ${undecidedSites === 1 ? 'site is' : 'sites are'}`;
  return [
    `window ${windows} of ${neededWindows}${restartedBy === undefined ? '' : ` ${RESTARTS[restartedBy]}`}`,
    ...(closedMillis === undefined ? [] : [`last closed ${ago(closedMillis)}`]),
    lastMajorMillis === undefined
      ? 'no major collection observed yet'
      : `last major collection ${ago(lastMajorMillis)}`,
    ...(undecidedSites === 0 ? [] : [`${sites} undecided until the next major collection`]),
  ].join(', ');
}

/** Returns whether the windows suffice to rule out a leak. */
export function isConclusive({ windows, neededWindows, undecidedSites }: LeakProgress): boolean {
  return windows >= neededWindows && undecidedSites === 0;
}
