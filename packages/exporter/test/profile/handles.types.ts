// Checked only by the compiler (`npm test` does so first): each marked line must be an error.
import type {
  FrameHandle,
  LabelsHandle,
  Profile,
  ProfileBuilder,
  StackHandle,
} from '../../src/profile/index.js';

export interface Given {
  readonly builder: ProfileBuilder;
  readonly frame: FrameHandle;
  readonly stack: StackHandle;
  readonly labels: LabelsHandle;
  readonly profile: Profile;
}

export function rightUse({ builder, frame, stack, labels, profile }: Given): void {
  builder.add(builder.stack(stack, frame), [1], labels);
  builder.add(undefined, Float64Array.of(1));
  for (const { line } of profile.frames(profile.stackOf(0))) line.toFixed();
}

export function wrongUse({ builder, frame, stack, labels, profile }: Given): void {
  // @ts-expect-error a frame is not a stack
  builder.stack(frame, frame);
  // @ts-expect-error a stack is not a frame
  builder.stack(undefined, stack);
  // @ts-expect-error a frame has no values
  builder.add(frame, [1]);
  // @ts-expect-error a stack is not a label set
  builder.add(stack, [1], stack);
  // @ts-expect-error labels must be interned first
  builder.add(stack, [1], { thread: 0 });
  // @ts-expect-error a number is not a handle
  builder.add(0, [1]);
  // @ts-expect-error nor can one be declared to be
  const handMade: LabelsHandle = 0;
  // @ts-expect-error a stack of a finished profile is none of a builder
  builder.add(profile.stackOf(0), [1], handMade);
  // @ts-expect-error nor the other way round
  profile.stackFrame(stack);
  // @ts-expect-error a profile does not change
  profile.comments.push('more');
  // @ts-expect-error and its labels neither
  profile.labelsOf(0).thread = labels;
}
