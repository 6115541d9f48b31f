const DEFAULT_MAX_BYTES = 2 ** 26;
const DEFAULT_MAX_ENTRIES = 2 ** 22;
/** Maximum number of frames of all stacks together: a stack, and functions inlined at a location, may be used many times. */
const MAX_FRAMES = 2 ** 23;
/** Maximum number of bytes of all entries that are read, where an entry counts as often as it is read. */
const MAX_READ_BYTES = 2 ** 27;
/** Maximum number of characters of the labels of all label sets together. */
const MAX_LABEL_CHARACTERS = 2 ** 24;

/** Limits for the input of a reader. They bound its memory and time. */
export interface OtlpLimits {
  /** Maximum size in bytes. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /**
   * Maximum number of table entries, profiles, distinct stacks and distinct labels together, and of values of a JSON
   * text. Default 2^22.
   */
  readonly maxEntries?: number | undefined;
}

/** Counts what was read. Each method throws an Error with the reason when a limit is exceeded. */
export class ReadCounts {
  readonly maxBytes: number;
  readonly maxEntries: number;
  #entries = 0;
  #frames = 0;
  #characters = 0;
  #bytes = 0;

  constructor({ maxBytes = DEFAULT_MAX_BYTES, maxEntries = DEFAULT_MAX_ENTRIES }: OtlpLimits) {
    this.maxBytes = maxBytes;
    this.maxEntries = maxEntries;
  }

  entries(count: number): void {
    this.#entries += count;
    if (this.#entries > this.maxEntries) throw new Error(`more than the limit of ${this.maxEntries} entries`);
  }

  frames(count: number): void {
    this.#frames += count;
    if (this.#frames > MAX_FRAMES) throw new Error(`stacks have more than the limit of ${MAX_FRAMES} frames`);
  }

  bytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes > MAX_READ_BYTES)
      throw new Error(`profiles refer to more than the limit of ${MAX_READ_BYTES} bytes of entries`);
  }

  labelCharacters(count: number): void {
    this.#characters += count;
    if (this.#characters > MAX_LABEL_CHARACTERS)
      throw new Error(`labels have more than the limit of ${MAX_LABEL_CHARACTERS} characters`);
  }
}
