/** The line tables of functions by index, for another thread; see {@link LineTables}. */
export interface LineTablesState {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly starts: Int32Array<ArrayBuffer>;
  readonly lengths: Int32Array<ArrayBuffer>;
}

const INITIAL_BYTES = 1 << 14;
const INITIAL_FUNCTIONS = 256;
/** Length stored for a missing table. Other lengths are stored plus 1, so that an empty table has 1. */
const NONE = 0;

/** Stores many small byte tables in one array: separate arrays would take several times the size of their contents. */
export class LineTables {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL_BYTES);
  #used = 0;
  #starts: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_FUNCTIONS);
  #lengths: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_FUNCTIONS);

  static of({ bytes, starts, lengths }: LineTablesState): LineTables {
    const tables = new LineTables();
    tables.#bytes = bytes;
    tables.#used = bytes.length;
    tables.#starts = starts;
    tables.#lengths = lengths;
    return tables;
  }

  /** Copy of the tables. */
  get state(): LineTablesState {
    return {
      bytes: this.#bytes.slice(0, this.#used),
      starts: this.#starts.slice(),
      lengths: this.#lengths.slice(),
    };
  }

  /** Sets the table of a function; undefined for none. A previous table stays in memory. */
  set(index: number, table: Uint8Array | undefined): void {
    if (index >= this.#starts.length) this.#growFunctions(index);
    this.#lengths[index] = table === undefined ? NONE : table.length + 1;
    if (table === undefined || table.length === 0) return;
    if (this.#used + table.length > this.#bytes.length) this.#growBytes(table.length);
    this.#bytes.set(table, this.#used);
    this.#starts[index] = this.#used;
    this.#used += table.length;
  }

  /** Returns the table of a function; undefined where it has none. Valid until the next {@link set}. */
  get(index: number): Uint8Array | undefined {
    const length = this.#lengths[index] ?? NONE;
    if (length === NONE) return undefined;
    const start = this.#starts[index]!;
    return this.#bytes.subarray(start, start + length - 1);
  }

  #growFunctions(index: number): void {
    const length = Math.max(this.#starts.length * 2, index + 1);
    const [starts, lengths] = [new Int32Array(length), new Int32Array(length)];
    starts.set(this.#starts);
    lengths.set(this.#lengths);
    this.#starts = starts;
    this.#lengths = lengths;
  }

  #growBytes(more: number): void {
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + more));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
