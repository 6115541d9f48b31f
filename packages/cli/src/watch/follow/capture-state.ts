/**
 * State of a capture:
 * - `waiting`: the file does not exist yet, or has no header yet
 * - `reading`: the data that was there when heapray found the file is being read; figures follow then
 * - `following`: the program is running and writes
 * - `idle`: no data is written, but the process that writes the capture is alive
 * - `stopped`: the program ended without finishing its capture, or left a file without a header
 * - `finished`: the capture has its end
 * - `damaged`: the file is invalid from some byte on; the data before counts
 * - `limited`: following it further would take too much memory; the data before counts
 * - `unreadable`: not a capture, or not readable
 * - `gone`: the file no longer exists
 */
export type CaptureState =
  | 'waiting'
  | 'reading'
  | 'following'
  | 'idle'
  | 'stopped'
  | 'finished'
  | 'damaged'
  | 'limited'
  | 'unreadable'
  | 'gone';

/** States that the metric reports. A capture that is gone has no series. */
export const CAPTURE_STATES: readonly CaptureState[] = [
  'waiting',
  'reading',
  'following',
  'idle',
  'stopped',
  'finished',
  'damaged',
  'limited',
  'unreadable',
];

/** States in which nothing more is read. A damaged capture may still be written: see `CaptureFollower.isWritten`. */
export const ENDED_STATES: ReadonlySet<CaptureState> = new Set(['finished', 'stopped', 'damaged']);
