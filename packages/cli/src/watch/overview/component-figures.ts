import type { CaptureRun } from '../follow/capture-run.js';
import type { CaptureState } from '../follow/capture-state.js';
import type { WatchedCapture } from '../follow/watched-capture.js';

/** States in which the program runs. */
const RUNNING: ReadonlySet<CaptureState> = new Set(['following', 'idle']);

/** Returns the runs of captures that have figures. */
export function runsOf(captures: readonly WatchedCapture[]): readonly CaptureRun[] {
  return captures.flatMap(({ follower: { run } }) => (run === undefined ? [] : [run]));
}

/**
 * Returns the resident memory of a component's running processes, in bytes: of the traced one as last recorded in its
 * capture, and of those that it started as the system reports. Undefined when unknown.
 */
export function residentOf(captures: readonly WatchedCapture[]): {
  readonly traced: number | undefined;
  readonly children: number | undefined;
} {
  const running = captures.filter(({ follower }) => RUNNING.has(follower.state));
  const own = running.filter(({ process }) => process === undefined);
  const forked = running.filter(({ process }) => process !== undefined);
  return {
    traced: sumOf(own.map(({ follower }) => follower.run?.capture.resident?.residentBytes)),
    // The children include forked processes, which have captures too.
    children:
      sumOf(own.map(({ follower }) => follower.run && follower.children?.residentBytes)) ??
      sumOf(forked.map(({ follower }) => follower.run?.capture.resident?.residentBytes)),
  };
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}
