import {
  displayName,
  type FrameRef,
  type Profile,
  type ProfileFrame,
  type StackRef,
} from '@heapray/exporter/profile';
import { printable } from '../text/printable.js';

/**
 * Folded stacks, as flamegraph.pl and speedscope take them: a line for each stack, root first, and its value.
 * Labels are summed over. The format has no values below 1: such stacks are left out.
 */
export function* encodeFolded(profile: Profile, column: number): Generator<string> {
  const names = Array.from({ length: profile.frameCount }, (_, ref) =>
    frameName(profile.frame(ref as FrameRef)),
  );
  const sums = new Map<StackRef | undefined, number>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = profile.stackOf(sample);
    sums.set(stack, (sums.get(stack) ?? 0) + profile.value(sample, column));
  }
  const lines: string[] = [];
  for (const [stack, value] of sums) {
    if (value > 0) lines.push(`${path(profile, stack, names)} ${value}\n`);
  }
  yield* lines.sort();
}

function path(profile: Profile, stack: StackRef | undefined, names: readonly string[]): string {
  const frames: string[] = [];
  for (let at = stack; at !== undefined; at = profile.stackParent(at)) {
    frames.push(names[profile.stackFrame(at)]!);
  }
  return frames.length === 0 ? '(none)' : frames.reverse().join(';');
}

/** The place tells functions of one name apart; a semicolon would end the frame. */
function frameName(frame: ProfileFrame): string {
  const name = displayName(frame);
  const place = frame.functionName === '' || frame.file === '' ? '' : ` (${frame.file}:${frame.line})`;
  return printable(`${name}${place}`).replaceAll(';', ',');
}
