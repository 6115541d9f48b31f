import {
  callSite,
  displayName,
  functionPlace,
  type Labels,
  type Profile,
  type ProfileFrame,
  type StackRef,
} from '@heapray/exporter/profile';

export type LiveGroup = 'function' | 'file' | 'package';

/** The memory of one function, file or package in one profile. */
export interface ProfileRow {
  readonly name: string;
  /** File of a function; empty otherwise. */
  readonly file: string;
  /** Where a function starts; 0 if unknown, and for other rows. */
  readonly line: number;
  readonly column: number;
  /** Package of a function or file; empty if unknown. */
  readonly packageName: string;
  inUse: number;
  objects: number;
  allocated: number;
  /** The samples of the profile that are summed here. */
  readonly samples: number[];
}

/** Rows of one profile, by a key that is the same in all profiles. */
export type ProfileRows = ReadonlyMap<string, ProfileRow>;

const NONE = '(none)';
const computed = new WeakMap<Profile, Map<LiveGroup, ProfileRows>>();
const computedSums = new WeakMap<Profile, ProfileSums>();

/** Returns the rows of a profile. Each is computed once. */
export function rowsOf(profile: Profile, group: LiveGroup): ProfileRows {
  const byGroup = computed.get(profile) ?? new Map<LiveGroup, ProfileRows>();
  computed.set(profile, byGroup);
  const rows = byGroup.get(group) ?? computeRows(profile, group);
  byGroup.set(group, rows);
  return rows;
}

function computeRows(profile: Profile, group: LiveGroup): ProfileRows {
  const rows = new Map<string, ProfileRow>();
  const values = readerOf(profile);
  const siteOf = sitesOf(profile);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const place = placeOf(siteOf(profile.stackOf(sample)), packageOf(profile.labelsOf(sample)), group);
    const key = `${place.name}\0${place.file}\0${place.line}:${place.column}`;
    let row = rows.get(key);
    if (row === undefined) {
      row = { ...place, inUse: 0, objects: 0, allocated: 0, samples: [] };
      rows.set(key, row);
    }
    row.inUse += values.inUse(sample);
    row.objects += values.objects(sample);
    row.allocated += values.allocated(sample);
    row.samples.push(sample);
  }
  return rows;
}

type Place = Pick<ProfileRow, 'name' | 'file' | 'line' | 'column' | 'packageName'>;

function placeOf(site: ProfileFrame | undefined, packageName: string, group: LiveGroup): Place {
  const nowhere = { file: '', line: 0, column: 0 };
  if (group === 'package') return { ...nowhere, name: packageName || NONE, packageName: '' };
  if (site === undefined) return { ...nowhere, name: NONE, packageName };
  if (group === 'file') return { ...nowhere, name: site.file || displayName(site), packageName };
  const { line, column } = functionPlace(site);
  return { name: displayName({ ...site, line, column }), file: site.file, line, column, packageName };
}

/** Returns a function for the call site of a stack. Finds that of each stack once. */
function sitesOf(profile: Profile): (stack: StackRef | undefined) => ProfileFrame | undefined {
  const known = new Map<StackRef, ProfileFrame | undefined>();
  return (stack) => {
    if (stack === undefined) return undefined;
    if (!known.has(stack)) known.set(stack, callSite(profile.frames(stack)));
    return known.get(stack);
  };
}

/** Sums over all samples. */
export interface ProfileSums {
  readonly inUse: number;
  /** Undefined if it is not known. */
  readonly allocated: number | undefined;
}

/** Returns the sums of a profile. They are computed once. */
export function sumsOf(profile: Profile): ProfileSums {
  const sums = computedSums.get(profile) ?? computeSums(profile);
  computedSums.set(profile, sums);
  return sums;
}

function computeSums(profile: Profile): ProfileSums {
  const values = readerOf(profile);
  let [inUse, allocated] = [0, 0];
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    inUse += values.inUse(sample);
    allocated += values.allocated(sample);
  }
  // An aggregated capture has the column, but no values.
  const isKnown = values.knowsAllocated && (allocated > 0 || inUse === 0);
  return { inUse, allocated: isKnown ? allocated : undefined };
}

/** Returns the bytes in use of a sample. */
export function inUseOf(profile: Profile): (sample: number) => number {
  return readerOf(profile).inUse;
}

interface SampleReader {
  readonly knowsAllocated: boolean;
  inUse(sample: number): number;
  objects(sample: number): number;
  allocated(sample: number): number;
}

function readerOf(profile: Profile): SampleReader {
  const column = (type: string) => profile.columns.findIndex((each) => each.type === type);
  const reader = (at: number) => (at < 0 ? () => 0 : (sample: number) => profile.value(sample, at));
  const allocated = column('alloc_space');
  return {
    knowsAllocated: allocated >= 0,
    inUse: reader(column('inuse_space')),
    objects: reader(column('inuse_objects')),
    allocated: reader(allocated),
  };
}

function packageOf(labels: Labels): string {
  return Object.hasOwn(labels, 'package') ? `${labels.package}` : '';
}
