/**
 * - `waiting`: the file does not exist yet, or has no header yet
 * - `reading`: what was there when heapray found the file is being read; no figures until then
 * - `following`: the program is running and writes
 * - `idle`: nothing is written, but the process that writes the capture lives
 * - `stopped`: the program ended without finishing its capture, or left a file without a header
 * - `finished`: the capture has its end
 * - `damaged`: the file makes no sense from some byte on; what came before counts
 * - `limited`: following it further would take too much memory; what came before counts
 * - `unreadable`: not a capture, or one that cannot be read
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

/** States that a metric tells; a capture that is gone has no series. */
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

/** States in which nobody writes the capture any more. */
export const ENDED_STATES: ReadonlySet<CaptureState> = new Set(['finished', 'stopped', 'damaged']);
