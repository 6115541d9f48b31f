/** A tree whose nodes have larger numbers than their parents; node 0 is the root. */
export interface NumberedTree {
  readonly count: number;
  readonly parents: Uint32Array;
}

/** A place in a tree, and what is below it. */
export interface SharedPlace {
  /** Number of the node. */
  readonly number: number;
  readonly bytes: number;
  readonly objects: number;
}

/** Smallest part of the bytes that a place must have. */
const LEAST_SHARE = 0.5;
/** Smallest part of all bytes for a further place. */
const LEAST_FURTHER = 0.1;

/**
 * Finds the lowest places of a tree below which most bytes of some objects are: the first has at least half of them,
 * the next at least half of the rest, and so on.
 *
 * @param isWanted whether a number is one of the objects
 * @param max maximum number of places
 * @param settle moves a place to one above it that says more
 */
export function sharedPlaces(
  { count, parents }: NumberedTree,
  bytesOf: Float64Array,
  isWanted: (number: number) => boolean,
  max: number,
  settle: (number: number) => number,
): readonly SharedPlace[] {
  const weights = new Float64Array(count);
  const objects = new Uint32Array(count);
  const heaviest = new Uint32Array(count);
  const isTaken = new Uint8Array(count);
  const places: SharedPlace[] = [];
  let all = 0;
  while (places.length < max) {
    weights.fill(0);
    objects.fill(0);
    heaviest.fill(0);
    for (let number = count - 1; number > 0; number--) {
      if (isTaken[number] === 0 && isWanted(number)) {
        weights[number]! += bytesOf[number]!;
        objects[number]! += 1;
      }
      if (objects[number] === 0) continue;
      const parent = parents[number]!;
      weights[parent]! += weights[number]!;
      objects[parent]! += objects[number]!;
      const best = heaviest[parent]!;
      if (best === 0 || weights[number]! > weights[best]!) heaviest[parent] = number;
    }
    const rest = weights[0]!;
    if (all === 0) all = rest;
    if (objects[0] === 0 || (places.length > 0 && rest < all * LEAST_FURTHER)) break;
    let place = 0;
    for (;;) {
      const next = heaviest[place]!;
      if (next === 0 || isWanted(next) || weights[next]! < rest * LEAST_SHARE) break;
      place = next;
    }
    place = settle(place);
    places.push({ number: place, bytes: weights[place]!, objects: objects[place]! });
    if (place === 0) break;
    isTaken[place] = 1;
    for (let number = place + 1; number < count; number++)
      if (isTaken[parents[number]!] === 1) isTaken[number] = 1;
  }
  return places;
}
