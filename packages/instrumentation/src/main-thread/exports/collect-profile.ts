import type { Profile } from '@heapray/exporter/profile';
import { SafeError } from '../../protocol/primordials.js';
import {
  MAX_PROFILE_SECONDS,
  PROFILE_TYPES,
  type ProfileType,
  type WantedProfile,
} from '../../protocol/profiles/profile-requests.js';
import type { AskProfile } from './ask.js';
import { unpacked } from './unpacked.js';

/** Options of `HeaprayInstrumentation.collectProfile`. */
export interface CollectProfileOptions {
  /**
   * `heap`: what is in use now, and what was allocated since the start. `allocs`: the same data; viewers show what was
   * allocated first. `peak`: what was in use at the high-water mark. Default: `heap`.
   */
  readonly type?: ProfileType | undefined;
  /**
   * Length of the time to cover from now, in seconds: an integer from 1 to 600. The profile then holds the change over
   * that time. Default: everything since the start. Not for `peak`.
   */
  readonly seconds?: number | undefined;
}

/** Maximum number of profiles in work for the application. */
const MAX_COLLECTING = 8;
let collecting = 0;

/**
 * Collects a profile for the application.
 *
 * @param ask undefined while memory is not profiled
 * @throws Error (rejects) when there is none
 */
export async function collectProfile(
  ask: AskProfile | undefined,
  options: CollectProfileOptions,
): Promise<Profile> {
  const wanted = checked(options);
  if (!ask) throw problem('memory is not profiled in this process');
  if (collecting >= MAX_COLLECTING) throw problem(`${MAX_COLLECTING} profiles are being collected already`);
  collecting++;
  try {
    return await requestProfile(ask, wanted);
  } finally {
    collecting--;
  }
}

/**
 * Returns the profile that the profiler thread makes.
 *
 * @throws Error (rejects) when there is none
 */
export async function requestProfile(ask: AskProfile, wanted: WantedProfile): Promise<Profile> {
  const made = await ask(wanted);
  if (!made) throw problem('the profiler thread has not answered');
  if (!made.profile) throw problem(made.problem ?? 'the profiler thread has none');
  return unpacked(made.profile);
}

function checked({ type = 'heap', seconds }: CollectProfileOptions): WantedProfile {
  if (!PROFILE_TYPES.includes(type)) {
    throw problem(`type: ${shown(type)} is not valid: expected one of ${PROFILE_TYPES.join(', ')}`);
  }
  if (seconds === undefined) return { type, seconds };
  const isRight =
    typeof seconds === 'number' && seconds % 1 === 0 && seconds >= 1 && seconds <= MAX_PROFILE_SECONDS;
  if (!isRight) {
    throw problem(
      `seconds: ${shown(seconds)} is not valid: expected an integer from 1 to ${MAX_PROFILE_SECONDS}`,
    );
  }
  if (type === 'peak') throw problem('seconds: not valid with the type peak');
  return { type, seconds };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : typeof value === 'number' ? `${value}` : typeof value;
}

function problem(why: string): Error {
  return new SafeError(`cannot collect a profile: ${why}`);
}
