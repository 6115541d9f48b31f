import {
  type FrameRef,
  type Labels,
  type LabelsHandle,
  type Profile,
  ProfileBuilder,
  type StackHandle,
  type StackRef,
} from '@heapray/exporter/profile';

/** Returns two profiles reduced to their common columns, in the order of the second. Undefined when there are none. */
export function withCommonColumns(a: Profile, b: Profile): [Profile, Profile] | undefined {
  const types = b.columns.filter(({ type, unit }) =>
    a.columns.some((column) => column.type === type && column.unit === unit),
  );
  if (types.length === 0) return undefined;
  const wanted = types.map(({ type }) => type);
  return [onlyColumns(a, wanted), onlyColumns(b, wanted)];
}

function onlyColumns(profile: Profile, wanted: readonly string[]): Profile {
  const types = profile.columns.map(({ type }) => type);
  if (types.join('\0') === wanted.join('\0')) return profile;
  const columns = wanted.map((type) => types.indexOf(type));
  const { defaultColumn, period, timeNanos, durationNanos, comments, program, labelUnits } = profile;
  const builder = new ProfileBuilder({
    columns: columns.map((column) => profile.columns[column]!),
    defaultColumn: wanted.includes(defaultColumn ?? '') ? defaultColumn : undefined,
    period,
    timeNanos,
    durationNanos,
    comments,
    program,
    labelUnits,
  });
  const stacks = copyStacks(builder, profile);
  const labels = new Map<Labels, LabelsHandle>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const set = profile.labelsOf(sample);
    const handle = labels.get(set) ?? builder.labels(set);
    labels.set(set, handle);
    const stack = profile.stackOf(sample);
    const values = columns.map((column) => profile.value(sample, column));
    builder.add(stack === undefined ? undefined : stacks[stack], values, handle);
  }
  return builder.build();
}

/** Copies all stacks of a profile. The index of each is its number there. */
export function copyStacks(builder: ProfileBuilder, profile: Profile): readonly StackHandle[] {
  const stacks: StackHandle[] = [];
  for (let ref = 0; ref < profile.stackCount; ref++) {
    const parent = profile.stackParent(ref as StackRef);
    const frame = builder.copyFrame(profile.frame(profile.stackFrame(ref as StackRef) as FrameRef));
    stacks.push(builder.stack(parent === undefined ? undefined : stacks[parent], frame));
  }
  return stacks;
}
