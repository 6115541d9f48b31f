/**
 * Where the collections of the young generation were, in ordinals of samples. News of them come late, so what the readings
 * show decides: whatever is missing was collected, and each scavenge comes after as many bytes as the one before.
 */
export class Scavenges {
  /** The newest ordinal that was missing at the reading before. */
  #missing = 0;
  /** Ordinals that scavenges took, and their number, of late. */
  #progress = 0;
  #count = 0;

  /** The newest ordinal that any reading has missed. */
  get missing(): number {
    return this.#missing;
  }

  /** The sampler was started again: ordinals count from 1, and an interval is another number of bytes. */
  forget(): void {
    this.#missing = 0;
    this.#progress = 0;
    this.#count = 0;
  }

  /**
   * Takes a reading.
   *
   * @param missing the newest ordinal that it does not show
   * @param count how many scavenges were heard of since the reading before
   * @returns where those since the reading before were, oldest first: the last one at `missing` itself
   */
  since(missing: number, count: number): readonly number[] {
    const from = this.#missing;
    const progress = missing - from;
    this.#progress = KEPT * this.#progress + Math.max(0, progress);
    this.#count = KEPT * this.#count + count;
    if (progress <= 0) return [];
    this.#missing = missing;
    const number = Math.min(MAX_POSITIONS, Math.max(1, Math.round(progress / this.#spacing(progress))));
    return Array.from({ length: number }, (_, i) => from + (progress * (i + 1)) / number);
  }

  /**
   * The same of a reading with major collections behind the one before: each empties the young generation, so that spacing
   * starts anew there.
   *
   * @param swept where they were, in ordinals, oldest first
   */
  amongMajors(missing: number, count: number, swept: readonly number[]): readonly number[] {
    const from = this.#missing;
    this.#missing = Math.max(from, missing);
    if (count === 0) return [];
    const spacing = Math.max(this.#spacing((missing - from) / count), (missing - from) / MAX_POSITIONS);
    const positions: number[] = [];
    let start = from;
    for (const end of swept) {
      for (let at = start + spacing; at < end; at += spacing) positions.push(at);
      start = Math.max(start, end);
    }
    const rest: number[] = [];
    for (let at = missing; at > start; at -= spacing) rest.push(at);
    return [...positions, ...rest.reverse()];
  }

  #spacing(otherwise: number): number {
    return Math.max(1, this.#count > 0 ? this.#progress / this.#count : otherwise);
  }
}

/** What is kept of earlier counts at each reading: the size of the young generation changes. */
const KEPT = 0.8;
const MAX_POSITIONS = 1_000;
