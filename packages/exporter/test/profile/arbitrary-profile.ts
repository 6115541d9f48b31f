// Random profiles for property tests. They are always made with the builder, as real ones are.
import fc from 'fast-check';
import { type Labels, type Profile, ProfileBuilder, type ValueColumn } from '../../src/profile/index.js';

export const HEAP_COLUMNS: readonly ValueColumn[] = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];

export interface PlainFrame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly startLine?: number;
}

export interface PlainSample {
  /** Root first. */
  readonly stack: readonly PlainFrame[];
  readonly values: readonly number[];
  readonly labels: Labels;
}

/** Has few distinct parts, so that stacks and labels of different samples are often equal. */
const frames: fc.Arbitrary<PlainFrame> = fc
  .record(
    {
      name: fc.constantFrom('', 'main', 'handler', 'get value', 'λ', '(GC)', '"'),
      file: fc.constantFrom('', 'a.js', '/srv/app/b.js', 'node:fs'),
      line: fc.constantFrom(0, 1, 2 ** 31 - 1),
      column: fc.constantFrom(0, 7),
      startLine: fc.constantFrom(0, 1, 5),
    },
    { requiredKeys: ['name', 'file', 'line', 'column'] },
  )
  // Omit a start line that equals the line; a frame without a line has none either.
  .map(({ startLine, ...frame }) =>
    startLine === undefined || startLine === frame.line || frame.line === 0 ? frame : { ...frame, startLine },
  );

const labels: fc.Arbitrary<Labels> = fc.record(
  {
    package: fc.constantFrom('express', '@scope/name', ''),
    thread: fc.constantFrom('0', '1'),
    tid: fc.constantFrom(0, 1, -5, Number.MAX_SAFE_INTEGER),
  },
  { requiredKeys: [] },
);

/** Integers small enough for exact sums. */
export const wholeNumbers: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((value) => value * 2 ** 10),
);

/** Returns samples with these numbers as values, `width` each. */
export function samplesOf(numbers: fc.Arbitrary<number>, width: number): fc.Arbitrary<PlainSample[]> {
  return fc.array(
    fc.record({
      stack: fc.array(frames, { maxLength: 5 }),
      values: fc.array(numbers, { minLength: width, maxLength: width }),
      labels,
    }),
    { maxLength: 12 },
  );
}

/** Returns a builder with the four heap columns, one as the default, for the given time. */
export function heapBuilder(timeNanos = 0n, durationNanos = 0n): ProfileBuilder {
  return new ProfileBuilder({
    columns: HEAP_COLUMNS,
    defaultColumn: 'inuse_space',
    period: { type: 'space', unit: 'bytes', value: 524_288 },
    timeNanos,
    durationNanos,
    labelUnits: { tid: 'id' },
  });
}

/** Adds samples given as plain objects. */
export function addSamples(builder: ProfileBuilder, samples: readonly PlainSample[]): ProfileBuilder {
  for (const { stack, values, labels } of samples) {
    builder.add(addStack(builder, stack), values, builder.labels(labels));
  }
  return builder;
}

/** Returns the handle of a stack given root first; undefined for an empty one. */
export function addStack(builder: ProfileBuilder, stack: readonly PlainFrame[]) {
  let handle: ReturnType<ProfileBuilder['stack']> | undefined;
  for (const { name, file, line, column, startLine } of stack) {
    handle = builder.stack(handle, builder.frame(name, file, line, column, startLine));
  }
  return handle;
}

/** Heap profiles of one moment. */
export const heapProfiles: fc.Arbitrary<Profile> = samplesOf(wholeNumbers, 4).map((samples) =>
  addSamples(heapBuilder(), samples).build(),
);
