const FIRST_ROWS = 2 ** 8;

/** Rows of unsigned 32-bit numbers, numbered from 0. */
export class UintRows {
  readonly #width: number;
  #numbers: Uint32Array;
  #count = 0;

  /**
   * Creates an empty table.
   *
   * @param width numbers per row, 3 to 5
   */
  constructor(width: number) {
    this.#width = width;
    this.#numbers = new Uint32Array(FIRST_ROWS * width);
  }

  get count(): number {
    return this.#count;
  }

  add(a: number, b: number, c: number, d = 0, e = 0): void {
    const at = this.#count * this.#width;
    if (at === this.#numbers.length) this.#grow();
    this.#count += 1;
    const numbers = this.#numbers;
    numbers[at] = a;
    numbers[at + 1] = b;
    numbers[at + 2] = c;
    if (this.#width > 3) numbers[at + 3] = d;
    if (this.#width > 4) numbers[at + 4] = e;
  }

  /** Returns a number of a row. Both indices must be in range. */
  at(row: number, field: number): number {
    return this.#numbers[row * this.#width + field]!;
  }

  #grow(): void {
    const numbers = new Uint32Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
