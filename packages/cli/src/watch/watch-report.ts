import { formatTable } from '../outputs/table.js';
import { printable } from '../text/printable.js';
import { formatBytes } from '../text/quantity.js';
import type { Hint, WatchedCapture } from './follow/watched-capture.js';

/** Formats the captures as a table. */
export function watchTable(watched: readonly WatchedCapture[]): string {
  const figures = ['ALLOCATED', 'ALLOCATIONS', 'RETAINED', 'PEAK', 'RESIDENT'];
  const hasForked = watched.some(({ process }) => process !== undefined);
  const head = [...figures, 'COMPONENT', ...(hasForked ? ['PROCESS'] : []), 'STATE', 'FILE'];
  const rows = grouped(watched).map((each) => {
    const {
      component,
      process,
      path,
      state,
      allocatedBytes,
      allocations,
      retainedBytes,
      peakBytes,
      residentBytes,
    } = captureReport(each);
    return [
      quantity(allocatedBytes, formatBytes),
      quantity(allocations, String),
      quantity(retainedBytes, formatBytes),
      quantity(peakBytes, formatBytes),
      quantity(residentBytes, formatBytes),
      printable(component),
      ...(hasForked ? [process ?? ''] : []),
      state,
      printable(path),
    ];
  });
  return formatTable([head, ...rows], 5);
}

function quantity(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? '-' : format(value);
}

/** Returns the captures as JSON with stable keys. Unknown values are `null`. */
export function watchReport(watched: readonly WatchedCapture[], hints: readonly Hint[]): unknown {
  return { captures: grouped(watched).map(captureReport), hints };
}

/** Orders captures by component, each with the process that forked the others first. */
function grouped(watched: readonly WatchedCapture[]): readonly WatchedCapture[] {
  const byComponent = Map.groupBy(watched, ({ component }) => component);
  return [...byComponent.values()].flatMap((group) => [
    ...group.filter(({ process }) => process === undefined),
    ...group.filter(({ process }) => process !== undefined),
  ]);
}

interface CaptureReport {
  readonly component: string;
  /** ID of a forked process. */
  readonly process: string | undefined;
  readonly path: string;
  readonly state: string;
  readonly reason: string | undefined;
  readonly format: number | undefined;
  readonly pid: number | undefined;
  readonly command: string | undefined;
  readonly startTimeMillis: number | undefined;
  readonly ageMillis: number;
  readonly dataBytes: number;
  readonly sizeBytes: number;
  readonly events: number | undefined;
  readonly allocatedBytes: number | undefined;
  readonly allocations: number | undefined;
  readonly retainedBytes: number | undefined;
  readonly retainedAllocations: number | undefined;
  readonly peakBytes: number | undefined;
  readonly residentBytes: number | undefined;
  readonly childrenResidentBytes: number | undefined;
}

function captureReport({ component, process, follower }: WatchedCapture): CaptureReport {
  const { path, state, reason, header, run, sizes, ageMillis, children } = follower;
  const total = run?.series.total(run.capture);
  const known = run?.capture.knowsAllocated === true;
  return {
    component,
    process,
    path,
    state,
    reason: reason || undefined,
    format: header?.format,
    pid: header?.pid,
    command: header?.commandLine,
    startTimeMillis: header?.startTimeMillis,
    ageMillis: Math.round(ageMillis),
    dataBytes: sizes.data,
    sizeBytes: sizes.disk,
    events: known ? run.capture.events : undefined,
    allocatedBytes: known ? total?.allocatedBytes : undefined,
    allocations: known ? total?.allocations : undefined,
    retainedBytes: run?.capture.liveBytes,
    retainedAllocations: total?.retainedCount,
    peakBytes: run?.capture.peakBytes,
    residentBytes: run?.capture.resident?.residentBytes,
    childrenResidentBytes: run && children?.residentBytes,
  };
}
