import { ProfileBuilder } from '../build/profile-builder.js';
import type { Profile } from '../model/profile.js';
import type { ProfileFrame } from '../model/types.js';
import { copySamples } from './copy-samples.js';

/**
 * Returns the same profile with other names for native frames.
 *
 * @param nameOf returns the new name of a native frame, or undefined to keep it
 * @param keepPlaces whether renamed frames keep their addresses; otherwise frames of the same name are merged
 */
export function renameNativeFrames(
  profile: Profile,
  nameOf: (frame: ProfileFrame) => string | undefined,
  keepPlaces: boolean,
): Profile {
  const builder = new ProfileBuilder(profile);
  copySamples(builder, profile, 1, undefined, (frame) => {
    const name = frame.native === undefined ? undefined : nameOf(frame);
    if (name === undefined) return builder.copyFrame(frame);
    return keepPlaces ? builder.nativeFrame(name, frame.native!) : builder.frame(name, '', 0);
  });
  return builder.build();
}
