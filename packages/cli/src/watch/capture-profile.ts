import type { GrowingCapture } from '@heapray/exporter/memray';
import { type LabelsHandle, mergeProfiles, type Profile, ProfileBuilder } from '@heapray/exporter/profile';

/** The columns of a profile from a capture. */
const COLUMNS = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'peak_objects', unit: 'count' },
  { type: 'peak_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
] as const;

export type DefaultColumn = 'alloc_space' | 'peak_space' | 'inuse_space';

/** What a capture says up to now, as a profile; it must have a header. */
export function captureProfile(
  capture: GrowingCapture,
  component: string,
  defaultColumn: DefaultColumn,
): Profile {
  const builder = new ProfileBuilder({
    columns: COLUMNS,
    defaultColumn,
    ...capture.times,
    comments: capture.knowsAllocated ? [] : ['an aggregated capture: what was allocated in all is not known'],
  });
  const stackOf = capture.stacksIn(builder);
  const labelsOf = labelInterner(capture, builder, component);
  for (let site = 1; site <= capture.siteCount; site += 1) {
    const allocated = capture.allocated(site);
    const peak = capture.atPeak(site);
    const live = capture.live(site);
    const values = [allocated.count, allocated.bytes, peak.count, peak.bytes, live.count, live.bytes];
    if (values.every((value) => value === 0)) continue;
    builder.add(stackOf(site), values, labelsOf(site));
  }
  return builder.build();
}

/** The profiles of a process and of those that it forked as one, with the label `process`; one alone is as it is. */
export function mergedProfile(captures: readonly GrowingCapture[], profiles: readonly Profile[]): Profile {
  if (profiles.length === 1) return profiles[0]!;
  const labels = captures.map(({ header }) => ({ process: `${header?.pid ?? ''}` }));
  const comments = [`heapray: peaks are the sum of the peaks of ${profiles.length} processes`];
  return mergeProfiles(profiles, { labels, comments });
}

function labelInterner(
  capture: GrowingCapture,
  builder: ProfileBuilder,
  component: string,
): (site: number) => LabelsHandle {
  const packageOf = packageOfStack(capture);
  return (site) => {
    const { thread, allocator, stack } = capture.site(site);
    const tid = thread.id <= Number.MAX_SAFE_INTEGER ? Number(thread.id) : String(thread.id);
    return builder.labels({ component, package: packageOf(stack), allocator, tid, thread: thread.name });
  };
}

/** Returns the package of a stack, found out once for each. */
function packageOfStack(capture: GrowingCapture): (stack: number) => string {
  const known: string[] = [];
  return (stack) => {
    known[stack] ??= capture.packageOf(stack);
    return known[stack];
  };
}
