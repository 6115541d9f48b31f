import { nativeKey } from '../../src/profile/build/frame-table.js';
import { columnProblem } from '../../src/profile/build/rules.js';
import type { FrameRef, StackRef } from '../../src/profile/model/handles.js';
import type { Profile } from '../../src/profile/model/profile.js';

/** Error for a profile that breaks an invariant. Only a defect in heapray causes it. */
export class InvalidProfileError extends Error {
  override readonly name = 'InvalidProfileError';
  /** The broken invariant, for example `values are whole numbers`. */
  readonly invariant: string;

  constructor(invariant: string, found: string) {
    super(`invalid profile: ${invariant}: ${found}`);
    this.invariant = invariant;
  }
}

/**
 * Checks every invariant that readers of a profile rely on. Takes time proportional to the size of the profile.
 *
 * @throws InvalidProfileError naming the first broken invariant
 */
export function checkProfile(profile: Profile): void {
  const problem = columnProblem(profile.columns, profile.defaultColumn);
  demand(problem === undefined, 'columns have their own types', problem ?? '');
  demand(profile.timeNanos >= 0n, 'the time is not negative', `${profile.timeNanos}`);
  demand(profile.durationNanos >= 0n, 'the duration is not negative', `${profile.durationNanos}`);
  checkFrames(profile);
  checkStacks(profile);
  checkSamples(profile);
}

function checkFrames(profile: Profile): void {
  const seen = new Set<string>();
  for (let ref = 0; ref < profile.frameCount; ref++) {
    const { functionName, file, line, column, startLine, native } = profile.frame(ref as FrameRef);
    const found = JSON.stringify([functionName, file, line, column, startLine, native && nativeKey(native)]);
    demand(
      [line, column, startLine ?? 0].every(isCount),
      'lines and columns are whole numbers from 0',
      found,
    );
    demand(!seen.has(found), 'frames are different', found);
    seen.add(found);
  }
}

function checkStacks(profile: Profile): void {
  const seen = new Set<string>();
  for (let ref = 0; ref < profile.stackCount; ref++) {
    const parent = profile.stackParent(ref as StackRef);
    const frame = profile.stackFrame(ref as StackRef);
    const found = `stack ${ref} (parent ${parent}, frame ${frame})`;
    demand(parent === undefined || (isCount(parent) && parent < ref), 'callers come before callees', found);
    demand(isCount(frame) && frame < profile.frameCount, 'stacks have frames', found);
    demand(!seen.has(`${parent} ${frame}`), 'stacks are different', found);
    seen.add(`${parent} ${frame}`);
  }
}

function checkSamples(profile: Profile): void {
  const seen = new Set<string>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = profile.stackOf(sample);
    const labels = profile.labelsOf(sample);
    checkLabels(labels, sample);
    demand(
      stack === undefined || (isCount(stack) && stack < profile.stackCount),
      'samples have stacks',
      `${stack}`,
    );
    const identity = `${stack} ${JSON.stringify(Object.entries(labels).sort())}`;
    demand(!seen.has(identity), 'samples differ in stack or labels', `sample ${sample}: ${identity}`);
    seen.add(identity);
    const values = profile.columns.map((_, column) => profile.value(sample, column));
    demand(values.every(Number.isInteger), 'values are whole numbers', `sample ${sample}: ${values}`);
    demand(!values.every((value) => value === 0), 'samples are not zero throughout', `sample ${sample}`);
  }
}

function checkLabels(labels: Readonly<Record<string, string | number>>, sample: number): void {
  for (const [key, value] of Object.entries(labels)) {
    const good = key !== '' && value !== '' && (typeof value === 'string' || Number.isSafeInteger(value));
    demand(good, 'labels have a key and a text or whole number', `sample ${sample}: ${key}=${value}`);
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

function demand(holds: boolean, invariant: string, found: string): void {
  if (!holds) throw new InvalidProfileError(invariant, found);
}
