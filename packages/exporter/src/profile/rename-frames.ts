import { copySamples } from './copy-samples.js';
import type { Profile } from './profile.js';
import { ProfileBuilder } from './profile-builder.js';
import type { ProfileFrame } from './types.js';

/**
 * The same profile with other names for native frames: those that `nameOf` gives, undefined for one that stays as it is.
 * @param keepPlaces whether renamed frames keep where they are; otherwise those of one name become one
 */
export function renameNativeFrames(
  profile: Profile,
  nameOf: (frame: ProfileFrame) => string | undefined,
  keepPlaces: boolean,
): Profile {
  const builder = new ProfileBuilder(profile);
  copySamples(builder, profile, 1, {}, (frame) => {
    const name = frame.native === undefined ? undefined : nameOf(frame);
    if (name === undefined) return builder.copyFrame(frame);
    return keepPlaces ? builder.nativeFrame(name, frame.native!) : builder.frame(name, '', 0);
  });
  return builder.build();
}
