/** Interns strings and numbers them from 0; number 0 is always the empty string. */
export class StringTable {
  readonly #handles: Map<string, number> = new Map([['', 0]]);
  readonly #texts: string[] = [''];

  /** Number of different strings, the empty one included. */
  get count(): number {
    return this.#texts.length;
  }

  /** The number of `text`, which is added when it is new. */
  handleFor(text: string): number {
    const known = this.#handles.get(text);
    if (known !== undefined) return known;
    const handle = this.#texts.length;
    this.#handles.set(text, handle);
    this.#texts.push(text);
    return handle;
  }

  /** The string with this number; it must be in range. */
  at(handle: number): string {
    return this.#texts[handle]!;
  }

  /** All strings in the order of their numbers. */
  all(): readonly string[] {
    return this.#texts;
  }
}
