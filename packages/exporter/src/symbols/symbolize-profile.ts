import {
  type FrameRef,
  type NativePlace,
  type Profile,
  type ProfileFrame,
  renameNativeFrames,
} from '../profile/index.js';
import { SymbolFiles } from './symbol-files.js';

export interface SymbolizeOptions {
  /** Keep the addresses of frames, as pprof does. Default false: frames of one function are merged. */
  readonly keepPlaces?: boolean;
}

/**
 * Names native frames with the symbol tables of their files, if these exist on this machine with the same layout:
 * `0x9a1b2 libc.so.6` becomes `malloc (libc.so.6)`. Other frames are unchanged.
 */
export function symbolizeProfile(
  profile: Profile,
  { keepPlaces = false }: SymbolizeOptions = {},
  files: SymbolFiles = new SymbolFiles(),
): Profile {
  const natives: NativePlace[] = [];
  for (let ref = 0; ref < profile.frameCount; ref++) {
    const { native } = profile.frame(ref as FrameRef);
    if (native?.mapping !== undefined) natives.push(native);
  }
  if (natives.length === 0) return profile;
  files.lookUp(natives);
  const nameOf = ({ native }: ProfileFrame) => (native === undefined ? undefined : files.nameOf(native));
  return renameNativeFrames(profile, nameOf, keepPlaces);
}
