import {
  CLOSE_BRACKET,
  COMMA,
  fault,
  isSpace,
  MORE,
  OPEN_BRACKET,
  type Position,
  type ValueParser,
  ZERO,
} from './fault.js';
import { enlarged, FIRST_ROWS } from './growth.js';
import type { NumberRows } from './number-list.js';

const NO_ROW = -1;
const MAX_UINT32 = 2 ** 32 - 1;
const FUNCTION_FIELDS = ['name', 'script_name', 'line', 'column'] as const;
const TREE_FIELDS = ['id', 'function_info_index', 'count', 'size', 'children'];

/** Takes the list `trace_function_infos`: the functions of allocation stacks. */
export class FunctionRows implements NumberRows {
  readonly name = 'trace_function_infos';
  readonly width: number;
  readonly allowsNegative = true;
  count = 0;
  /** Four numbers for each function: text of its name, text of its script, line and column from 0. */
  values: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROWS);
  readonly #fields: readonly number[];

  constructor(fields: readonly string[]) {
    this.width = fields.length;
    this.#fields = FUNCTION_FIELDS.map((field) => fields.indexOf(field));
  }

  add(rows: Float64Array, count: number): string | undefined {
    const needed = (this.count + count) * FUNCTION_FIELDS.length;
    if (needed > this.values.length) this.values = enlarged(this.values, needed * 2);
    let to = this.count * FUNCTION_FIELDS.length;
    for (let row = 0; row < count; row++) {
      for (const field of this.#fields) {
        this.values[to++] = field < 0 ? NO_ROW : rows[row * this.width + field]!;
      }
    }
    this.count += count;
    return undefined;
  }
}

/** Returns whether the fields of the trace tree are in the order that {@link TraceTree} reads. */
export function isKnownTree(fields: readonly string[]): boolean {
  return fields.length === TREE_FIELDS.length && TREE_FIELDS.every((field, at) => fields[at] === field);
}

/**
 * Parses `trace_tree`, from the byte after its bracket: calls and what was allocated in them, each with a list of the
 * calls below it. Not recursive.
 */
export class TraceTree implements ValueParser {
  count = 0;
  ids: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  /** Row of the caller; -1 for the root. */
  parents: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROWS);
  functions: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  counts: Float64Array<ArrayBuffer> = new Float64Array(FIRST_ROWS);
  sizes: Float64Array<ArrayBuffer> = new Float64Array(FIRST_ROWS);
  readonly #position: Position;
  /** Caller of each open list. */
  #open: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROWS).fill(NO_ROW, 0, 1);
  #depth = 1;
  readonly #row: Float64Array = new Float64Array(TREE_FIELDS.length);
  #field = 0;
  #value = 0;
  #digits = 0;
  #isOver = false;

  constructor(position: Position) {
    this.#position = position;
  }

  push(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!;
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        if (this.#isOver || this.#field === TREE_FIELDS.length - 1) throw this.#damaged(at);
        this.#value = this.#value * 10 + digit;
        this.#digits += 1;
      } else if (isSpace(byte)) {
        if (this.#digits > 0) this.#isOver = true;
      } else if (byte === COMMA) {
        // After a list of calls, the comma is between two calls.
        if (this.#digits > 0) this.#endNumber();
        else if (this.#field !== 0 || this.count === 0) throw this.#damaged(at);
      } else if (byte === OPEN_BRACKET) {
        if (this.#field !== TREE_FIELDS.length - 1) throw this.#damaged(at);
        this.#endRow();
      } else if (byte === CLOSE_BRACKET) {
        if (this.#field !== 0 || this.#digits > 0) throw this.#damaged(at);
        this.#depth -= 1;
        if (this.#depth === 0) return at + 1;
      } else throw this.#damaged(at);
    }
    return MORE;
  }

  #endNumber(): void {
    this.#row[this.#field++] = this.#value;
    this.#value = 0;
    this.#digits = 0;
    this.#isOver = false;
  }

  #endRow(): void {
    if (this.count === this.ids.length) {
      const capacity = this.count * 2;
      this.ids = enlarged(this.ids, capacity);
      this.parents = enlarged(this.parents, capacity);
      this.functions = enlarged(this.functions, capacity);
      this.counts = enlarged(this.counts, capacity);
      this.sizes = enlarged(this.sizes, capacity);
    }
    const row = this.count++;
    const [id, functionRow, count, size] = this.#row;
    this.ids[row] = Math.min(id!, MAX_UINT32);
    this.functions[row] = Math.min(functionRow!, MAX_UINT32);
    this.counts[row] = count!;
    this.sizes[row] = size!;
    this.parents[row] = this.#open[this.#depth - 1]!;
    if (this.#depth === this.#open.length) this.#open = enlarged(this.#open, this.#depth * 2);
    this.#open[this.#depth++] = row;
    this.#field = 0;
  }

  #damaged(at: number): Error {
    return fault(this.#position, at, '`trace_tree` is damaged');
  }
}
