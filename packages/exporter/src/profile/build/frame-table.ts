import { RowTable } from '../../tables/row-table.js';
import { StringTable } from '../../tables/string-table.js';
import { ANONYMOUS } from '../model/frame-kind.js';
import type { NativeMapping, NativePlace, ProfileFrame } from '../model/types.js';

const MAX_POSITION = 0x7fffffff;

/**
 * Interns frames. Two frames are equal if name, file, line, column and the function's first line agree; frames of
 * machine code, if name and place do.
 */
export class FrameTable {
  readonly #strings = new StringTable();
  /**
   * Row of a function: name, file, line, column, first line. Row of machine code: name, no file, 0,
   * {@link columnOfNative}.
   */
  readonly #rows = new RowTable(5);
  /** Places of machine code. They are numbered from 1. */
  readonly #natives: NativePlace[] = [];
  readonly #nativeNumbers = new Map<string, number>();

  /** Number of distinct frames. */
  get count(): number {
    return this.#rows.count;
  }

  /**
   * Returns the number of the frame with these parts.
   *
   * @throws RangeError when a line or the column is not an integer from 0 to 2^31 - 1
   */
  handleFor(
    functionName: string,
    file: string,
    line: number,
    column: number,
    startLine: number = line,
  ): number {
    assertPosition('line', line);
    assertPosition('column', column);
    assertPosition('start line', startLine);
    const name = this.#name(functionName);
    return this.#rows.handleFor(name, this.#strings.handleFor(file), line, column, startLine);
  }

  /**
   * Returns the number of the frame of machine code at this place. It has no file, line or column.
   *
   * @throws RangeError when an address is not an integer from 0 to 2^53 - 1
   */
  nativeHandleFor(functionName: string, native: NativePlace): number {
    return this.#rows.handleFor(
      this.#name(functionName),
      this.#strings.handleFor(''),
      0,
      columnOfNative(this.#nativeNumber(native)),
    );
  }

  /** Returns the frame with this number, frozen. The number must be in range. */
  at(handle: number): ProfileFrame {
    const column = this.#rows.at(handle, 3);
    const native = nativeOfColumn(column);
    const line = this.#rows.at(handle, 2);
    const startLine = this.#rows.at(handle, 4);
    return Object.freeze({
      functionName: this.#strings.at(this.#rows.at(handle, 0)),
      file: this.#strings.at(this.#rows.at(handle, 1)),
      line,
      column: native === undefined ? column : 0,
      ...(startLine !== line && { startLine }),
      ...(native !== undefined && { native: this.#natives[native - 1]! }),
    });
  }

  #name(functionName: string): number {
    return this.#strings.handleFor(functionName === ANONYMOUS ? '' : functionName);
  }

  #nativeNumber(native: NativePlace): number {
    const { address, mapping } = native;
    assertAddress(address);
    if (mapping !== undefined) assertMapping(mapping);
    const key = nativeKey(native);
    const known = this.#nativeNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.#natives.push(
      Object.freeze({ address, mapping: mapping && Object.freeze({ ...mapping }) }),
    );
    this.#nativeNumbers.set(key, number);
    return number;
  }
}

/** Encodes the number of a native place, from 1, in the field of the column: real columns are never negative. */
function columnOfNative(native: number): number {
  return -native;
}

function nativeOfColumn(column: number): number | undefined {
  return column < 0 ? -column : undefined;
}

/**
 * Returns a key that is equal for equal places. Two places in a loaded file are equal if their offsets in the file are.
 */
export function nativeKey({ address, mapping }: NativePlace): string {
  return mapping === undefined
    ? `${address}`
    : `${address - mapping.start + (mapping.fileOffset ?? 0)} ${mapping.path}`;
}

function assertMapping({ start, limit, fileOffset = 0 }: NativeMapping): void {
  for (const value of [start, fileOffset]) assertAddress(value);
  if (limit !== Infinity) assertAddress(limit);
  else if (start !== 0 || fileOffset !== 0)
    throw new RangeError('a mapping without a limit begins at 0, in memory and in its file');
}

function assertAddress(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`an address must be a whole number from 0 to 2^53 - 1, not ${value}`);
}

function assertPosition(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > MAX_POSITION) {
    throw new RangeError(`frame ${what} must be a whole number from 0 to ${MAX_POSITION}, not ${value}`);
  }
}
