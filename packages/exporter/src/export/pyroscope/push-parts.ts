import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { encodePprof } from '../../pprof/index.js';
import { copySamples } from '../../profile/change/copy-samples.js';
import {
  type Labels,
  type Profile,
  ProfileBuilder,
  type StackHandle,
  type StackRef,
} from '../../profile/index.js';
import type { SeriesLabel } from './series-labels.js';

/** Limits of what is sent at once. Pyroscope's own defaults are above them. */
export interface PushLimits {
  /** Maximum number of samples. The server takes 16,000. */
  readonly samples: number;
  /**
   * Maximum size of the pprof file before compression, in bytes. The server takes files of 4 MiB, but at most 2 MB at
   * once.
   */
  readonly bytes: number;
}

/** A part of a profile, as pprof. */
export interface PushPart {
  readonly profile: Profile;
  /** The file before compression. */
  readonly pprof: Uint8Array;
}

export const PUSH_LIMITS: PushLimits = { samples: 15_999, bytes: 1_500_000 };
const MAX_DEPTH = 1000;
const MAX_SAMPLE_LABELS = 100;
/** Root frame of a stack that was cut. */
const TRUNCATED = '(truncated)';

const gzipAsync = promisify(gzip);

/**
 * Splits a profile into parts within the limits. A single sample that is larger is left out, and counted. No
 * parts for a profile without samples.
 *
 * @throws RangeError for a profile that pprof cannot represent
 */
export function splitProfile(
  profile: Profile,
  limits: PushLimits = PUSH_LIMITS,
): { readonly parts: readonly PushPart[]; readonly tooLarge: number } {
  const parts: PushPart[] = [];
  let tooLarge = 0;
  const addRange = (from: number, to: number) => {
    const isAll = from === 0 && to === profile.sampleCount;
    if (to - from <= limits.samples) {
      const part = isAll ? profile : rangeOf(profile, from, to);
      const pprof = encodePprof(part);
      if (pprof.length <= limits.bytes) {
        parts.push({ profile: part, pprof });
        return;
      }
    }
    if (to - from <= 1) {
      tooLarge += to - from;
      return;
    }
    const middle = Math.floor((from + to) / 2);
    addRange(from, middle);
    addRange(middle, to);
  };
  if (profile.sampleCount > 0) addRange(0, profile.sampleCount);
  return { parts, tooLarge };
}

/** Returns the profile with stacks and labels that the server accepts. The leaf end of a deep stack is kept. */
export function withinSampleLimits(profile: Profile): Profile {
  const depths = depthsOf(profile);
  const isDeep = depths.some((depth) => depth > MAX_DEPTH);
  if (!isDeep && !hasManyLabels(profile)) return profile;
  const builder = new ProfileBuilder(profile);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const values = profile.columns.map((_, column) => profile.value(sample, column));
    const stack = copyStack(builder, profile, profile.stackOf(sample), depths);
    builder.add(stack, values, builder.labels(fewLabels(profile.labelsOf(sample))));
  }
  return builder.build();
}

/** Returns the body of a push, in Connect's JSON form. */
export async function pushBody(
  labels: readonly SeriesLabel[],
  pprof: Uint8Array,
  id: string,
): Promise<Uint8Array> {
  const file = await gzipAsync(pprof, { level: constants.Z_BEST_SPEED });
  const samples = [{ ID: id, rawProfile: file.toString('base64') }];
  return Buffer.from(JSON.stringify({ series: [{ labels, samples }] }), 'utf8');
}

function rangeOf(profile: Profile, from: number, to: number): Profile {
  const builder = new ProfileBuilder(profile);
  copySamples(builder, profile, 1, undefined, undefined, (sample) => sample >= from && sample < to);
  return builder.build();
}

/** Returns the number of frames of each stack. */
function depthsOf(profile: Profile): Int32Array {
  const depths = new Int32Array(profile.stackCount);
  for (let stack = 0; stack < depths.length; stack++) {
    const parent = profile.stackParent(stack as StackRef);
    depths[stack] = parent === undefined ? 1 : depths[parent]! + 1;
  }
  return depths;
}

function hasManyLabels(profile: Profile): boolean {
  const seen = new Set<Labels>();
  for (let sample = 0; sample < profile.sampleCount; sample++) seen.add(profile.labelsOf(sample));
  return [...seen].some((labels) => Object.keys(labels).length > MAX_SAMPLE_LABELS);
}

function fewLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).slice(0, MAX_SAMPLE_LABELS));
}

function copyStack(
  builder: ProfileBuilder,
  profile: Profile,
  stack: StackRef | undefined,
  depths: Int32Array,
): StackHandle | undefined {
  if (stack === undefined) return undefined;
  const isCut = depths[stack]! > MAX_DEPTH;
  const frames = [...profile.frames(stack)].slice(0, isCut ? MAX_DEPTH - 1 : MAX_DEPTH).reverse();
  let handle = isCut ? builder.stack(undefined, builder.frame(TRUNCATED, '', 0)) : undefined;
  for (const frame of frames) handle = builder.stack(handle, builder.copyFrame(frame));
  return handle;
}
