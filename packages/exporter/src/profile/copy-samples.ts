import type { FrameHandle, FrameRef, LabelsHandle, StackHandle, StackRef } from './handles.js';
import type { Profile } from './profile.js';
import type { ProfileBuilder } from './profile-builder.js';
import type { Labels, ProfileFrame, ValueColumn } from './types.js';

/**
 * Adds every sample of `profile` to `builder`, each value times `factor`. The
 * columns must agree. Stacks are copied once each, callers first, so the cost
 * follows the number of stacks and not the depth of every sample.
 * @param added labels that samples get which have none of that key
 * @param copyFrame makes a frame of `builder`; default: the same one
 */
export function copySamples(
  builder: ProfileBuilder,
  profile: Profile,
  factor: number,
  added: Labels = {},
  copyFrame: (frame: ProfileFrame) => FrameHandle = (frame) => builder.copyFrame(frame),
): void {
  const stacks = copyStacks(builder, profile, copyFrame);
  const labels = new Map<Labels, LabelsHandle>();
  const values = new Float64Array(profile.columns.length);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    for (let column = 0; column < values.length; column++) {
      values[column] = profile.value(sample, column) * factor;
    }
    const stack = profile.stackOf(sample);
    const set = profile.labelsOf(sample);
    let handle = labels.get(set);
    if (handle === undefined) {
      handle = builder.labels({ ...added, ...set });
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

/** @throws RangeError naming both lists unless the columns agree in order, type and unit */
export function assertSameColumns(a: Profile, b: Profile): void {
  const left = describe(a.columns);
  const right = describe(b.columns);
  if (left !== right) throw new RangeError(`profiles have different columns: ${left} and ${right}`);
}

function describe(columns: readonly ValueColumn[]): string {
  return columns.map(({ type, unit }) => `${type}/${unit}`).join(', ');
}
