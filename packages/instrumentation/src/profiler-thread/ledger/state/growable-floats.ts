/** An array of numbers that grows as needed; 0 where never set. */
export class GrowableFloats {
  #values = new Float64Array(1024);

  get(index: number): number {
    return this.#values[index] ?? 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) this.#grow(index);
    this.#values[index] = value;
  }

  add(index: number, value: number): void {
    this.set(index, this.get(index) + value);
  }

  #grow(index: number): void {
    const larger = new Float64Array(Math.max(index + 1, this.#values.length * 2));
    larger.set(this.#values);
    this.#values = larger;
  }
}
