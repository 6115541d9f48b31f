import type { LiveEnd, LivePoll } from './live-state.js';

/** Shows a source to the user. */
export interface LiveView {
  /** Shows the result of a poll, which may have a new state. */
  show(poll: LivePoll): void;
  /** True if the view stays after the source has no more data. */
  staysAfter(end: LiveEnd): boolean;
  /** True while no polls are wanted. */
  readonly isPaused: boolean;
  /**
   * Closes the view.
   *
   * @param end set if the source has ended; undefined if the user has left
   */
  close(end: LiveEnd | undefined): void;
}

/** Effects of keys beyond the view. */
export interface ViewHandlers {
  quit(): void;
  reconnect(): void;
  /** Called when the view is not paused any more. */
  resume(): void;
}
