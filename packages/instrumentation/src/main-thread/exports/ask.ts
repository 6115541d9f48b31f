import type {
  MadeProfile,
  PageAnswer,
  PageQuestion,
  WantedProfile,
} from '../../protocol/profiles/profile-requests.js';

/** Asks the profiler thread for a profile; undefined if it does not answer. */
export type AskProfile = (wanted: WantedProfile) => Promise<MadeProfile | undefined>;

/**
 * Asks the profiler thread for a page; undefined if it does not answer in time.
 *
 * @param millis time that the page may take besides the usual limit
 * @param onCancel called with a function that takes the request back
 */
export type AskPage = (
  question: PageQuestion,
  millis: number,
  onCancel: (cancel: () => void) => void,
) => Promise<PageAnswer | undefined>;
