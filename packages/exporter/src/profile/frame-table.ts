import { ANONYMOUS } from './frame-kind.js';
import { RowTable } from './row-table.js';
import { StringTable } from './string-table.js';
import type { ProfileFrame } from './types.js';

const MAX_POSITION = 0x7fffffff;

/** Interns frames: two functions are the same only if name, file, line and column all agree. */
export class FrameTable {
  readonly #strings = new StringTable();
  readonly #rows = new RowTable(4);

  /** Number of different frames. */
  get count(): number {
    return this.#rows.count;
  }

  /**
   * The number of the frame with these parts.
   * @throws RangeError when line or column is not a whole number from 0 to 2^31 - 1
   */
  handleFor(functionName: string, file: string, line: number, column: number): number {
    assertPosition('line', line);
    assertPosition('column', column);
    const name = this.#strings.handleFor(functionName === ANONYMOUS ? '' : functionName);
    return this.#rows.handleFor(name, this.#strings.handleFor(file), line, column);
  }

  /** The frame with this number, frozen; it must be in range. */
  at(handle: number): ProfileFrame {
    return Object.freeze({
      functionName: this.#strings.at(this.#rows.at(handle, 0)),
      file: this.#strings.at(this.#rows.at(handle, 1)),
      line: this.#rows.at(handle, 2),
      column: this.#rows.at(handle, 3),
    });
  }
}

function assertPosition(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > MAX_POSITION) {
    throw new RangeError(`frame ${what} must be a whole number from 0 to ${MAX_POSITION}, not ${value}`);
  }
}
