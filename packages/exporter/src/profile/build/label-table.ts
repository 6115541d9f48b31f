import type { Labels } from '../model/types.js';

/** Interns label sets. The order of keys does not matter. Number 0 is the empty set. */
export class LabelTable {
  readonly #handles: Map<string, number> = new Map([['[]', 0]]);
  readonly #sets: Labels[] = [Object.freeze({})];

  /** Number of distinct sets, including the empty one. */
  get count(): number {
    return this.#sets.length;
  }

  /**
   * Returns the number of this set. Labels with an empty string are omitted.
   *
   * @throws RangeError for an empty key or a number that is not a safe integer
   */
  handleFor(labels: Labels): number {
    const entries = Object.entries(labels).filter(([, value]) => value !== '');
    for (const [key, value] of entries) assertLabel(key, value);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const identity = JSON.stringify(entries);
    const known = this.#handles.get(identity);
    if (known !== undefined) return known;
    const handle = this.#sets.length;
    this.#handles.set(identity, handle);
    this.#sets.push(Object.freeze(Object.fromEntries(entries)));
    return handle;
  }

  /** Returns the set with this number, frozen, with sorted keys. The number must be in range. */
  at(handle: number): Labels {
    return this.#sets[handle]!;
  }
}

function assertLabel(key: string, value: string | number): void {
  if (key === '') throw new RangeError('a label key must not be empty');
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`label ${key} must be a string or a safe integer, not ${value}`);
  }
}
