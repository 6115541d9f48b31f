import {
  type FrameRef,
  type NativePlace,
  type Profile,
  type ProfileFrame,
  renameNativeFrames,
} from '@heapray/exporter/profile';
import { SymbolFiles } from './symbol-files.js';

export interface SymbolizeOptions {
  /** Keep where frames are in memory, as pprof does. Default: frames of one function are one. */
  readonly keepPlaces?: boolean;
}

/**
 * Names native frames by the symbol tables of the files they are in, as far as these can be read on this machine and are
 * laid out as the files of the profile: `malloc (libc.so.6)` for `0x9a1b2 libc.so.6`. Other frames stay as they are.
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
