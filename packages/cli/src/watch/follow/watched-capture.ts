import type { CaptureFollower } from './capture-follower.js';

/** A capture with the name of its component. */
export interface WatchedCapture {
  readonly component: string;
  /** ID of a process that was forked by the process of the component. */
  readonly process?: string | undefined;
  readonly follower: CaptureFollower;
}

export interface Hint {
  readonly component: string;
  /** Short fixed name of the hint. */
  readonly hint: string;
  /** One line for the user. */
  readonly text: string;
}
