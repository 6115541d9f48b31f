/**
 * Estimates the positions of young-generation collections, in sample ordinals. Their reports arrive late, so
 * the polls decide: whatever is missing was collected, and scavenges are evenly spaced in allocated bytes.
 */
export class Scavenges {
  /** Newest ordinal that was missing at the previous poll. */
  #missing = 0;
  /** Recent sums of the ordinals between scavenges, and of their number. */
  #progress = 0;
  #count = 0;

  /** Newest ordinal that any poll has missed. */
  get missing(): number {
    return this.#missing;
  }

  /** Resets after a restart of the sampler: ordinals restart from 1, and the interval may differ. */
  forget(): void {
    this.#missing = 0;
    this.#progress = 0;
    this.#count = 0;
  }

  /**
   * Takes a poll and returns the positions of the scavenges since the previous one, oldest first. The last is
   * at `missing`.
   *
   * @param missing newest ordinal that the poll does not show
   * @param count number of scavenges reported since the previous poll
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
   * Does the same as `since` if major collections came in between: each empties the young generation, so
   * spacing restarts there.
   *
   * @param swept positions of the major collections, in ordinals, oldest first
   */
  amongMajors(missing: number, count: number, swept: readonly number[]): readonly number[] {
    const from = this.#missing;
    this.#missing = Math.max(from, missing);
    if (count === 0) return [];
    const spacing = Math.max(this.#spacing((missing - from) / count), (missing - from) / MAX_POSITIONS);
    const positions: number[] = [];
    let start = from;
    for (const end of swept) {
      // The last collection that freed something is at `missing`. A sweep beyond it is later than the last scavenge.
      if (this.isLast(end, missing)) break;
      for (let at = start + spacing; at < end; at += spacing) positions.push(at);
      start = Math.max(start, end);
    }
    const rest: number[] = [];
    for (let at = missing; at > start; at -= spacing) rest.push(at);
    return [...positions, ...rest.reverse()];
  }

  /**
   * Returns true if a sweep at this ordinal is later than all scavenges, which have freed nothing beyond `missing`. The first
   * scavenge after a sweep comes about one spacing later; half of that allows for the error of the ordinal.
   */
  isLast(swept: number, missing: number): boolean {
    return missing - swept < this.#spacing(0) / 2;
  }

  #spacing(otherwise: number): number {
    return Math.max(1, this.#count > 0 ? this.#progress / this.#count : otherwise);
  }
}

/** Share of earlier counts kept at each poll, as the size of the young generation changes. */
const KEPT = 0.8;
const MAX_POSITIONS = 1_000;
