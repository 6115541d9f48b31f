import { PairTable } from '../../tables/pair-table.js';

const INITIAL_CELLS = 256;
/** Maximum number of cells while there is more than one window: they take some 10 MiB. */
const MAX_CELLS = 2 ** 18;

/** Receives the allocations of a site that were born and ended in two windows. `death` is -1 for those alive. */
export type CellVisitor = (site: number, birth: number, death: number, bytes: number, count: number) => void;

/**
 * Amounts by site, window of birth, and window of death. Windows are equally long. If a capture lasts longer than all of
 * them, or has too many cells, their length is doubled until it fits. Memory is bounded by the maximum number of cells, or by
 * the number of sites if that is larger.
 */
export class LifetimeGrid {
  readonly #windows: number;
  readonly #maxCells: number;
  #widthMillis: number;
  #summed = 1;
  /** Pairs of a site and a cell, which is birth x (windows + 1) + death. The death after the last window means alive. */
  #cells: PairTable = new PairTable();
  /** Bytes and number of allocations of each cell. */
  #amounts: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CELLS * 2);
  #used = 0;

  /**
   * Creates an empty grid.
   *
   * @param windows number of windows, from 1
   * @param widthMillis their length
   * @param maxCells maximum number of cells, unless there is only one window
   */
  constructor(windows: number, widthMillis: number, maxCells: number = MAX_CELLS) {
    this.#windows = windows;
    this.#widthMillis = widthMillis;
    this.#maxCells = maxCells;
  }

  /** Number of windows that were summed in each one because there were too many cells; 1 for none. */
  get summed(): number {
    return this.#summed;
  }

  /** Length of a window in ms. */
  get widthMillis(): number {
    return this.#widthMillis;
  }

  /** Number of windows up to the last one with a birth or death. */
  get windowCount(): number {
    return this.#used;
  }

  born(site: number, birthMillis: number, bytes: number, count: number): void {
    this.#limit();
    const birth = this.#windowOf(birthMillis);
    this.#add(site, birth, this.#windows, bytes, count);
  }

  /** Ends a part of what was {@link born}. */
  ended(site: number, birthMillis: number, deathMillis: number, bytes: number, count: number): void {
    this.#limit();
    // The death comes first: it may make the windows longer.
    const death = this.#windowOf(deathMillis);
    const birth = this.#windowOf(birthMillis);
    this.#add(site, birth, this.#windows, -bytes, -count);
    this.#add(site, birth, death, bytes, count);
  }

  /** Calls `visit` for each cell that is not empty. */
  forEach(visit: CellVisitor): void {
    for (let cell = 1; cell <= this.#cells.size; cell += 1) {
      const [bytes, count] = [this.#amounts[cell * 2]!, this.#amounts[cell * 2 + 1]!];
      if (bytes === 0 && count === 0) continue;
      const code = this.#cells.frame(cell);
      const death = code % (this.#windows + 1);
      const birth = (code - death) / (this.#windows + 1);
      visit(this.#cells.parent(cell), birth, death === this.#windows ? -1 : death, bytes, count);
    }
  }

  /** Makes the windows longer while there are too many cells. */
  #limit(): void {
    while (this.#cells.size > this.#maxCells && this.#used > 1) {
      this.#widen(2);
      this.#summed *= 2;
    }
  }

  #windowOf(millis: number): number {
    let at = Math.max(0, Math.floor(millis / this.#widthMillis));
    if (at >= this.#windows) {
      this.#widen(2 ** Math.ceil(Math.log2((at + 1) / this.#windows)));
      at = Math.min(Math.floor(millis / this.#widthMillis), this.#windows - 1);
    }
    if (at >= this.#used) this.#used = at + 1;
    return at;
  }

  #add(site: number, birth: number, death: number, bytes: number, count: number): void {
    const at = this.#cells.intern(site, birth * (this.#windows + 1) + death) * 2;
    if (at >= this.#amounts.length) {
      const amounts = new Float64Array(this.#amounts.length * 2);
      amounts.set(this.#amounts);
      this.#amounts = amounts;
    }
    this.#amounts[at]! += bytes;
    this.#amounts[at + 1]! += count;
  }

  #widen(factor: number): void {
    const merged = new LifetimeGrid(this.#windows, this.#widthMillis * factor);
    this.forEach((site, birth, death, bytes, count) => {
      const end = death < 0 ? this.#windows : Math.floor(death / factor);
      merged.#add(site, Math.floor(birth / factor), end, bytes, count);
    });
    this.#widthMillis = merged.#widthMillis;
    this.#cells = merged.#cells;
    this.#amounts = merged.#amounts;
    this.#used = Math.ceil(this.#used / factor);
  }
}
