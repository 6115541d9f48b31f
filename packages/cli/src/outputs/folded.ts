import {
  displayName,
  type FrameRef,
  type Profile,
  type ProfileFrame,
  type StackRef,
  stacksInCallOrder,
} from '@heapray/exporter/profile';
import { printable } from '../text/printable.js';

/** Maximum size of the output in bytes: each line repeats its whole stack, so deep stacks take quadratic space. */
const MAX_BYTES = 2 ** 30;
const CHUNK_BYTES = 2 ** 18;

/**
 * Encodes folded stacks for flamegraph.pl and speedscope: one line per stack, root first, and its value. Labels are
 * summed. The format has no values below 1, so such stacks are omitted. Lines are ordered by name, each caller before
 * its callees.
 *
 * @throws RangeError when the lines would take more than 1 GiB
 */
export function encodeFolded(profile: Profile, column: number): Generator<Uint8Array> {
  const sums = sumsByStack(profile, column);
  const frames = frameNames(profile);
  const names = frames.map((name) => Buffer.from(`${name};`));
  const ends = pathEnds(profile, names);
  assertShort(ends, sums);
  const order = stacksInCallOrder(profile, ranks(frames));
  return lines({ profile, sums, names, ends, order });
}

/** Returns the sums by stack. The last entry is for samples without a stack. */
function sumsByStack(profile: Profile, column: number): Float64Array {
  const sums = new Float64Array(profile.stackCount + 1);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    sums[profile.stackOf(sample) ?? profile.stackCount]! += profile.value(sample, column);
  }
  return sums;
}

/** Returns, for each stack, the total length of all names from the root, in bytes. */
function pathEnds(profile: Profile, names: readonly Uint8Array[]): Float64Array {
  const ends = new Float64Array(profile.stackCount);
  for (let stack = 0; stack < ends.length; stack++) {
    const parent = profile.stackParent(stack as StackRef);
    const start = parent === undefined ? 0 : ends[parent]!;
    ends[stack] = start + names[profile.stackFrame(stack as StackRef)]!.length;
  }
  return ends;
}

function assertShort(ends: Float64Array, sums: Float64Array): void {
  let bytes = 0;
  for (let stack = 0; stack < ends.length; stack++) if (sums[stack]! > 0) bytes += ends[stack]!;
  if (bytes <= MAX_BYTES) return;
  throw new RangeError(
    `as folded stacks it takes ${bytes} bytes, over the limit of ${MAX_BYTES}; each line repeats its whole stack`,
  );
}

/** Returns the rank of each frame's name in sorted order. */
function ranks(names: readonly string[]): (frame: FrameRef) => number {
  const places = new Int32Array(names.length);
  const order = names.map((name, at) => ({ name, at })).sort((a, b) => (a.name < b.name ? -1 : 1));
  order.forEach(({ at }, place) => {
    places[at] = place;
  });
  return (frame) => places[frame]!;
}

interface FoldedStacks {
  readonly profile: Profile;
  readonly sums: Float64Array;
  /** Name of each frame, followed by a semicolon. */
  readonly names: readonly Uint8Array[];
  readonly ends: Float64Array;
  readonly order: Int32Array;
}

function* lines({ profile, sums, names, ends, order }: FoldedStacks): Generator<Uint8Array> {
  const deepest = ends.reduce((most, end) => Math.max(most, end), 0);
  const path = Buffer.alloc(deepest);
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const rootless = sums.at(-1)!;
  if (rootless > 0) pending.push(Buffer.from(`(none) ${rootless}\n`));
  for (const stack of order) {
    const name = names[profile.stackFrame(stack as StackRef)]!;
    path.set(name, ends[stack]! - name.length);
    if (!(sums[stack]! > 0)) continue;
    // Omit the last semicolon.
    pending.push(Buffer.from(path.subarray(0, ends[stack]! - 1)), Buffer.from(` ${sums[stack]}\n`));
    pendingBytes += ends[stack]!;
    if (pendingBytes < CHUNK_BYTES) continue;
    yield Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
  }
  yield Buffer.concat(pending);
}

/**
 * Returns the names of frames. Functions of equal name are distinguished by their line, and by their column if several
 * are on the same line.
 */
function frameNames(profile: Profile): readonly string[] {
  const frames = Array.from({ length: profile.frameCount }, (_, ref) => profile.frame(ref as FrameRef));
  const columns = new Map<string, number>();
  const shared = new Set<string>();
  for (const frame of frames) {
    const name = frameName(frame);
    if ((columns.get(name) ?? frame.column) !== frame.column) shared.add(name);
    columns.set(name, frame.column);
  }
  return frames.map((frame) => {
    const name = frameName(frame);
    return shared.has(name) ? frameName(frame, `:${frame.column}`) : name;
  });
}

/** Returns the name of a frame, without semicolons, which would end the frame. */
function frameName(frame: ProfileFrame, column = ''): string {
  const name = displayName(frame);
  const place =
    frame.functionName === '' || frame.file === '' ? '' : ` (${frame.file}:${frame.line}${column})`;
  return printable(`${name}${place}`).replaceAll(';', ',');
}
