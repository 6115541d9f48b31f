import type { ProfileBuilder } from '../build/profile-builder.js';
import type { FrameHandle, FrameRef, LabelsHandle, StackHandle, StackRef } from '../model/handles.js';
import type { Profile } from '../model/profile.js';
import type { Labels, ProfileFrame, ValueColumn } from '../model/types.js';

/**
 * Adds every sample of `profile` to `builder`, with each value times `factor`. The columns must agree. Each stack is
 * copied once, callers first, so the cost depends on the number of stacks, not on the depth of each sample.
 *
 * @param changeLabels returns the labels of a sample of `builder` for those of `profile`; default: the same
 * @param isWanted returns whether to copy a sample of `profile`; default: all
 * @param copyFrame returns the frame of `builder` for a frame of `profile`; default: an equal one
 */
export function copySamples(
  builder: ProfileBuilder,
  profile: Profile,
  factor: number,
  changeLabels: (labels: Labels) => Labels = (labels) => labels,
  copyFrame: (frame: ProfileFrame) => FrameHandle = (frame) => builder.copyFrame(frame),
  isWanted: (sample: number) => boolean = () => true,
): void {
  const stacks = copyStacks(builder, profile, copyFrame);
  const labels = new Map<Labels, LabelsHandle>();
  const values = new Float64Array(profile.columns.length);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (!isWanted(sample)) continue;
    for (let column = 0; column < values.length; column++) {
      values[column] = profile.value(sample, column) * factor;
    }
    const stack = profile.stackOf(sample);
    const set = profile.labelsOf(sample);
    let handle = labels.get(set);
    if (handle === undefined) {
      handle = builder.labels(changeLabels(set));
      labels.set(set, handle);
    }
    builder.add(stack === undefined ? undefined : stacks[stack], values, handle);
  }
}

function copyStacks(
  builder: ProfileBuilder,
  profile: Profile,
  copyFrame: (frame: ProfileFrame) => FrameHandle,
): readonly StackHandle[] {
  const frames = Array.from({ length: profile.frameCount }, (_, ref) =>
    copyFrame(profile.frame(ref as FrameRef)),
  );
  const stacks: StackHandle[] = [];
  for (let ref = 0; ref < profile.stackCount; ref++) {
    const parent = profile.stackParent(ref as StackRef);
    const frame = frames[profile.stackFrame(ref as StackRef)]!;
    stacks.push(builder.stack(parent === undefined ? undefined : stacks[parent]!, frame));
  }
  return stacks;
}

/**
 * Checks that the columns agree in order, type and unit.
 *
 * @throws RangeError naming both lists when they do not
 */
export function assertSameColumns(a: Profile, b: Profile): void {
  const left = describe(a.columns);
  const right = describe(b.columns);
  if (left !== right) throw new RangeError(`profiles have different columns: ${left} and ${right}`);
}

function describe(columns: readonly ValueColumn[]): string {
  return columns.map(({ type, unit }) => `${type}/${unit}`).join(', ');
}
