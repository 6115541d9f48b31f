import {
  type Labels,
  type LabelsHandle,
  type Profile,
  ProfileBuilder,
  type ProfileOptions,
} from '../../profile/index.js';
import type { MemrayThread } from '../model/thread-table.js';
import type { CaptureContents } from './capture-contents.js';

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

export interface SiteProfileOptions
  extends Pick<ProfileOptions, 'columns' | 'defaultColumn' | 'comments'>,
    Partial<Pick<ProfileOptions, 'timeNanos' | 'durationNanos'>> {
  /** Labels that every sample gets. Default: none. */
  readonly labels?: Labels;
}

/**
 * Returns a profile with a sample for each site of a capture. Samples have the labels `allocator` (memray's name),
 * `tid`, `thread` (its name, or its ID as memray displays it) and `package`.
 *
 * @param valuesOf returns the values of a site, one for each column. A site with only zeros gets no sample
 * @throws Error before the header was read
 */
export function siteProfile(
  capture: CaptureContents,
  { labels, ...options }: SiteProfileOptions,
  valuesOf: (site: number) => readonly number[],
): Profile {
  const builder = new ProfileBuilder({ ...capture.times, program: capture.program, ...options });
  const stackOf = capture.stacksIn(builder);
  const labelsOf = siteLabels(capture, builder, labels);
  for (let site = 1; site <= capture.siteCount; site += 1) {
    const values = valuesOf(site);
    if (values.every((value) => value === 0)) continue;
    builder.add(stackOf(site), values, labelsOf(site));
  }
  return builder.build();
}

/** Returns a function for the labels of a site. Finds the package of each stack once, and makes each set once. */
function siteLabels(
  capture: CaptureContents,
  builder: ProfileBuilder,
  common: Labels | undefined,
): (site: number) => LabelsHandle {
  const packages: string[] = [];
  const handles = new Map<string, LabelsHandle>();
  return (site) => {
    const { thread, allocator, stack } = capture.site(site);
    packages[stack] ??= capture.packageOf(stack);
    const packageName = packages[stack];
    const key = `${thread.id},${allocator},${packageName}`;
    const known = handles.get(key);
    if (known !== undefined) return known;
    const handle = builder.labels({ ...common, allocator, ...threadLabels(thread), package: packageName });
    handles.set(key, handle);
    return handle;
  };
}

function threadLabels({ id, name }: MemrayThread): Labels {
  const hex = `0x${id.toString(16)}`;
  return { tid: id <= MAX_SAFE ? Number(id) : hex, thread: name || hex };
}
