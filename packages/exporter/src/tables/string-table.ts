/** Interns strings and numbers them from 0. Number 0 is always the empty string. */
export class StringTable {
  readonly #handles: Map<string, number> = new Map([['', 0]]);
  readonly #texts: string[] = [''];

  /** Number of distinct strings, including the empty one. */
  get count(): number {
    return this.#texts.length;
  }

  /** Returns the number of `text`. Adds the text when it is new. */
  handleFor(text: string): number {
    const known = this.#handles.get(text);
    if (known !== undefined) return known;
    const handle = this.#texts.length;
    this.#handles.set(text, handle);
    this.#texts.push(text);
    return handle;
  }

  /** Returns the string with this number, which must be in range. */
  at(handle: number): string {
    return this.#texts[handle]!;
  }

  /** Returns all strings in the order of their numbers. */
  all(): readonly string[] {
    return this.#texts;
  }
}
