import type { FrameRef, StackRef } from '../model/handles.js';
import { NONE, type Profile, type ProfileTables, StoredProfile } from '../model/profile.js';
import type { Labels, NativeMapping, ProfileFrame } from '../model/types.js';

/**
 * A profile in a form that can be sent to another thread. The arrays can be transferred without a copy; the rest is small
 * and can be cloned.
 */
export interface PackedProfile {
  readonly header: Pick<
    Profile,
    | 'columns'
    | 'defaultColumn'
    | 'period'
    | 'timeNanos'
    | 'durationNanos'
    | 'comments'
    | 'program'
    | 'labelUnits'
  >;
  /** Frames, mappings and label sets as JSON in UTF-8. */
  readonly texts: Uint8Array<ArrayBuffer>;
  readonly stackParents: Int32Array<ArrayBuffer>;
  readonly stackFrames: Int32Array<ArrayBuffer>;
  readonly sampleStacks: Int32Array<ArrayBuffer>;
  readonly sampleLabels: Int32Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
}

/** The contents of {@link PackedProfile.texts}. Numbers of mappings replace mappings, because frames share them. */
interface Texts {
  readonly frames: readonly PackedFrame[];
  readonly mappings: readonly PackedMapping[];
  readonly labelSets: readonly Labels[];
}

interface PackedFrame extends Omit<ProfileFrame, 'native'> {
  readonly native?: { readonly address: number; readonly mapping: number | undefined };
}

/** JSON has no Infinity: `limit` is then absent. */
type PackedMapping = Omit<NativeMapping, 'limit'> & { readonly limit?: number };

/** Copies a profile into a form that another thread can take. */
export function packProfile(profile: Profile): PackedProfile {
  const { columns, defaultColumn, period, timeNanos, durationNanos, comments, program, labelUnits } = profile;
  const { sampleCount, stackCount } = profile;
  const stackParents = new Int32Array(stackCount);
  const stackFrames = new Int32Array(stackCount);
  for (let stack = 0; stack < stackCount; stack++) {
    stackParents[stack] = profile.stackParent(stack as StackRef) ?? NONE;
    stackFrames[stack] = profile.stackFrame(stack as StackRef);
  }
  const sampleStacks = new Int32Array(sampleCount);
  const sampleLabels = new Int32Array(sampleCount);
  const values = new Float64Array(sampleCount * columns.length);
  const labelSets = new Map<Labels, number>();
  for (let sample = 0; sample < sampleCount; sample++) {
    sampleStacks[sample] = profile.stackOf(sample) ?? NONE;
    sampleLabels[sample] = numberOf(labelSets, profile.labelsOf(sample));
    for (let column = 0; column < columns.length; column++) {
      values[sample * columns.length + column] = profile.value(sample, column);
    }
  }
  const texts: Texts = { ...packFrames(profile), labelSets: [...labelSets.keys()] };
  return {
    header: { columns, defaultColumn, period, timeNanos, durationNanos, comments, program, labelUnits },
    texts: new TextEncoder().encode(JSON.stringify(texts)),
    stackParents,
    stackFrames,
    sampleStacks,
    sampleLabels,
    values,
  };
}

/** Returns the memory of a packed profile, for the list of what `postMessage` transfers. */
export function buffersOf(packed: PackedProfile): ArrayBuffer[] {
  const { texts, stackParents, stackFrames, sampleStacks, sampleLabels, values } = packed;
  return [texts, stackParents, stackFrames, sampleStacks, sampleLabels, values].map(({ buffer }) => buffer);
}

/** Returns the profile that was packed. Takes ownership of the arrays. Frames and labels are read when first used. */
export function unpackProfile({ header, texts, ...arrays }: PackedProfile): Profile {
  let parsed: Pick<ProfileTables, 'frames' | 'labelSets'> | undefined;
  const read = () => {
    parsed ??= readTexts(texts);
    return parsed;
  };
  return new StoredProfile(header, {
    ...arrays,
    get frames() {
      return read().frames;
    },
    get labelSets() {
      return read().labelSets;
    },
  });
}

function packFrames(profile: Profile): Pick<Texts, 'frames' | 'mappings'> {
  const mappings = new Map<NativeMapping, number>();
  const frames = Array.from({ length: profile.frameCount }, (_, at): PackedFrame => {
    const { native, ...frame } = profile.frame(at as FrameRef);
    if (native === undefined) return frame;
    const { address, mapping } = native;
    return { ...frame, native: { address, mapping: mapping && numberOf(mappings, mapping) } };
  });
  const packed = [...mappings.keys()].map(({ limit, ...mapping }) => {
    return Number.isFinite(limit) ? { ...mapping, limit } : mapping;
  });
  return { frames, mappings: packed };
}

function readTexts(texts: Uint8Array): Pick<ProfileTables, 'frames' | 'labelSets'> {
  const { frames, mappings, labelSets } = JSON.parse(new TextDecoder().decode(texts)) as Texts;
  const places = mappings.map((mapping): NativeMapping => {
    return Object.freeze({ limit: Number.POSITIVE_INFINITY, ...mapping });
  });
  for (const labels of labelSets) Object.freeze(labels);
  return {
    frames: frames.map(({ native, ...frame }): ProfileFrame => {
      if (native === undefined) return Object.freeze(frame);
      const { address, mapping } = native;
      const place = Object.freeze({ address, mapping: mapping === undefined ? undefined : places[mapping] });
      return Object.freeze({ ...frame, native: place });
    }),
    labelSets,
  };
}

/** Returns the number of a key, a new one for a new key. */
function numberOf<K>(numbers: Map<K, number>, key: K): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}
