const KEPT = 2000;

/** Keeps the newest receipts as bytes: a bounded cache. Its memory is outside the JavaScript heap. */
export class Receipts {
  #byNumber = new Map();

  keep(number, bytes) {
    this.#byNumber.set(number, bytes);
    if (this.#byNumber.size <= KEPT) return;
    const { value: oldest } = this.#byNumber.keys().next();
    this.#byNumber.delete(oldest);
  }

  find(number) {
    return this.#byNumber.get(number);
  }
}
