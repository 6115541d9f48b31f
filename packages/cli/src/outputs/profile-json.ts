import type { FrameRef, Profile, StackRef } from '@heapray/exporter/profile';

/** Version of the layout. Increase it when a reader of the old layout would misread the new one. */
const VERSION = 1;

/**
 * Encodes the whole profile as JSON. Frames and stacks are tables: a stack is
 * `[index of its caller or -1, frame index]`, and a sample has the index of its stack. Times are decimal strings,
 * because they do not fit into a double.
 */
export function* encodeProfileJson(profile: Profile): Generator<string> {
  const { columns, defaultColumn = null, period = null, timeNanos, durationNanos } = profile;
  const { comments, labelUnits } = profile;
  const header = { format: 'heapray-profile', version: VERSION, columns, defaultColumn, period };
  const times = { timeNanos: `${timeNanos}`, durationNanos: `${durationNanos}` };
  yield `${JSON.stringify({ ...header, ...times, comments, labelUnits }).slice(0, -1)}`;
  yield* list('frames', profile.frameCount, (at) => profile.frame(at as FrameRef));
  yield* list('stacks', profile.stackCount, (at) => [
    profile.stackParent(at as StackRef) ?? -1,
    profile.stackFrame(at as StackRef),
  ]);
  yield* list('samples', profile.sampleCount, (at) => ({
    stack: profile.stackOf(at) ?? -1,
    values: columns.map((_, column) => profile.value(at, column)),
    labels: profile.labelsOf(at),
  }));
  yield '}\n';
}

/** Yields a member of the object, one entry per line. */
function* list(key: string, count: number, entry: (at: number) => unknown): Generator<string> {
  yield `,\n"${key}":[`;
  for (let at = 0; at < count; at++) yield `${at === 0 ? '\n' : ',\n'}${JSON.stringify(entry(at))}`;
  yield ']';
}
