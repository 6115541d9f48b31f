import {
  type FrameRef,
  type FunctionPlace,
  functionPlace,
  type Profile,
  type ProfileFrame,
} from '@heapray/exporter/profile';

/** The parts of the position that profiles have for all functions of one name and file. */
interface Known {
  line: boolean;
  column: boolean;
}

/**
 * Returns a function for the position where a function starts, limited to the parts that all profiles have: a capture
 * has no columns, and other formats may have no lines either. If one profile cannot distinguish functions of equal name
 * and file, they share a position in all.
 */
export function comparablePlaces(profiles: readonly Profile[]): (frame: ProfileFrame) => FunctionPlace {
  const known = new Map<string, Known>();
  for (const profile of profiles) {
    for (const [key, { line, column }] of knownIn(profile)) {
      const all = known.get(key);
      known.set(key, { line: line && all?.line !== false, column: column && all?.column !== false });
    }
  }
  return (frame) => {
    const { line, column } = functionPlace(frame);
    const tell = known.get(keyOf(frame));
    return tell?.line ? { line, column: tell.column ? column : 0 } : { line: 0, column: 0 };
  };
}

function knownIn(profile: Profile): Map<string, Known> {
  const known = new Map<string, Known>();
  for (let ref = 0; ref < profile.frameCount; ref++) {
    const frame = profile.frame(ref as FrameRef);
    const { line, column } = functionPlace(frame);
    const before = known.get(keyOf(frame));
    known.set(keyOf(frame), {
      line: line > 0 || before?.line === true,
      column: column > 0 || before?.column === true,
    });
  }
  return known;
}

function keyOf({ functionName, file }: ProfileFrame): string {
  return `${functionName}\0${file}`;
}
