import { grown } from '../../tables/typed-arrays.js';

/** Parts of the input, numbered from 0, by where they start and end. */
export class Ranges {
  #places: Uint32Array = new Uint32Array(64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(start: number, end: number): void {
    const at = this.#count * 2;
    if (at === this.#places.length) this.#places = grown(this.#places, new Uint32Array(at * 2));
    this.#places[at] = start;
    this.#places[at + 1] = end;
    this.#count += 1;
  }

  /** Returns where a part starts. The index must be in range. */
  start(index: number): number {
    return this.#places[index * 2]!;
  }

  end(index: number): number {
    return this.#places[index * 2 + 1]!;
  }
}
