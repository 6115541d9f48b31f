import {
  type CaptureAmounts,
  type CaptureContents,
  SiteAmounts,
  siteProfile,
} from '@heapray/exporter/memray';
import { mergeProfiles, type Profile } from '@heapray/exporter/profile';

const ALLOCATED = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
] as const;
const AT_PEAK = [
  { type: 'peak_objects', unit: 'count' },
  { type: 'peak_space', unit: 'bytes' },
] as const;
const IN_USE = [
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
] as const;
/** Columns of a capture's profile. */
const COLUMNS = [...ALLOCATED, ...AT_PEAK, ...IN_USE] as const;
/** Columns of a change between two moments, which has no peak. */
const CHANGE_COLUMNS = [...ALLOCATED, ...IN_USE] as const;
const AGGREGATED = 'an aggregated capture: what was allocated in all is not known';

export type DefaultColumn = 'alloc_space' | 'peak_space' | 'inuse_space';

/** Returns the current contents of a capture as a profile. The capture must have a header. */
export function captureProfile(
  capture: CaptureContents,
  component: string,
  defaultColumn: DefaultColumn,
): Profile {
  const options = {
    columns: COLUMNS,
    defaultColumn,
    comments: capture.knowsAllocated ? [] : [AGGREGATED],
    labels: { component },
  };
  const valuesOf = (site: number) => {
    const allocated = capture.allocated(site);
    const peak = capture.atPeak(site);
    const live = capture.live(site);
    return [allocated.count, allocated.bytes, peak.count, peak.bytes, live.count, live.bytes];
  };
  return siteProfile(capture, options, valuesOf);
}

/**
 * Returns the changes in a capture as a profile. In-use values are negative where memory was freed.
 *
 * @param before amounts at an earlier moment; undefined for a run that had not started then
 */
export function captureChange(
  capture: CaptureContents,
  before: CaptureAmounts | undefined,
  component: string,
  defaultColumn: DefaultColumn,
): Profile {
  const { timeNanos, durationNanos } = capture.times;
  const passed = before === undefined ? durationNanos : timeNanos - before.timeNanos;
  const options = {
    columns: CHANGE_COLUMNS,
    defaultColumn,
    durationNanos: passed > 0n ? passed : 0n,
    comments: capture.knowsAllocated ? [] : [AGGREGATED],
    labels: { component },
  };
  const old = before === undefined ? new SiteAmounts() : SiteAmounts.of(before.amounts);
  const valuesOf = (site: number) => {
    const allocated = capture.allocated(site);
    const live = capture.live(site);
    const [oldAllocated, oldLive] = [old.total(site), old.live(site)];
    return [
      allocated.count - oldAllocated.count,
      allocated.bytes - oldAllocated.bytes,
      live.count - oldLive.count,
      live.bytes - oldLive.bytes,
    ];
  };
  return siteProfile(capture, options, valuesOf);
}

/**
 * Returns one profile of a process and its forked processes, with the label `process`. A single profile is unchanged.
 */
export function mergedProfile(captures: readonly CaptureContents[], profiles: readonly Profile[]): Profile {
  if (profiles.length === 1) return profiles[0]!;
  const labels = captures.map(({ header }) => ({ process: `${header?.pid ?? ''}` }));
  const hasPeak = profiles[0]!.columns.some(({ type }) => type === 'peak_space');
  const comments = [`heapray: peaks are the sum of the peaks of ${profiles.length} processes`];
  return mergeProfiles(profiles, { labels, comments: hasPeak ? comments : [] });
}
