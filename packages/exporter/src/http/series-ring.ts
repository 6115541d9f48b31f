/** The newest rows of numbers, each with a time, for the live page. All memory is allocated at the start. */
export class SeriesRing {
  readonly #capacity: number;
  readonly #columns: number;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  /** Number of rows added so far. */
  #added = 0;

  constructor(capacity: number, columns: number) {
    this.#capacity = capacity;
    this.#columns = columns;
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity * columns);
  }

  /** Adds a row and returns it, to be filled. It replaces the oldest row of a full ring. NaN is unknown. */
  add(time: number): Float64Array {
    const row = this.#added++ % this.#capacity;
    this.#times[row] = time;
    return this.#values.subarray(row * this.#columns, (row + 1) * this.#columns);
  }

  /** Times, the oldest first. */
  get times(): number[] {
    return this.#rows().map((row) => this.#times[row]!);
  }

  /** Returns the values of a column, the oldest first; null for unknown. */
  column(column: number): (number | null)[] {
    return this.#rows().map((row) => {
      const value = this.#values[row * this.#columns + column]!;
      return Number.isNaN(value) ? null : value;
    });
  }

  #rows(): number[] {
    const size = Math.min(this.#added, this.#capacity);
    return Array.from({ length: size }, (_, at) => (this.#added - size + at) % this.#capacity);
  }
}
