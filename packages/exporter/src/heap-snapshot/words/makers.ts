import type { HeapSnapshot, SnapshotTraces, TracedFunction } from '../read/heap-snapshot.js';
import type { OriginalOf } from './sources.js';

/** A function that allocated objects. */
export interface Maker {
  readonly name: string;
  readonly file: string;
  /** From 1; 0 when unknown. */
  readonly line: number;
  readonly bytes: number;
  readonly objects: number;
}

const MAX_MAKERS = 3;
const NO_ROW = -1;

/** Finds the functions that allocated objects, in snapshots that have the stacks of allocations. */
export class Makers {
  readonly #snapshot: HeapSnapshot;
  readonly #traces: SnapshotTraces | undefined;
  readonly #rows: Map<number, number> = new Map();
  /** For each row of the traces, the row of the innermost call outside of the runtime; -1 for none. */
  readonly #callers: Map<number, number> = new Map();
  readonly #originalOf: OriginalOf;
  /** Functions in their original source, by their numbers. */
  readonly #functions: Map<number, TracedFunction | undefined> = new Map();

  constructor(snapshot: HeapSnapshot, originalOf: OriginalOf = (found) => found) {
    this.#snapshot = snapshot;
    this.#originalOf = originalOf;
    this.#traces = snapshot.traces;
    if (this.#traces === undefined) return;
    for (let row = 0; row < this.#traces.count; row++) this.#rows.set(this.#traces.ids[row]!, row);
  }

  /**
   * Returns whether a function with this name allocated a node: it is the innermost one outside of the runtime. V8 names
   * functions with what they were assigned to, as in `exports.addOrder`; the last part suffices.
   */
  isMadeBy(node: number, functionName: string): boolean {
    const row = this.#callOf(node);
    const name = row === NO_ROW ? undefined : this.#functionOf(row)?.name;
    return name === functionName || name?.endsWith(`.${functionName}`) === true;
  }

  /** Returns the functions that allocated the most bytes of some objects. */
  of(nodes: Uint32Array, members: Uint8Array, bytes: Float64Array): readonly Maker[] {
    if (this.#traces === undefined) return [];
    const makers = new Map<string, { -readonly [Key in keyof Maker]: Maker[Key] }>();
    for (let number = 1; number < members.length; number++) {
      if (members[number] === 0) continue;
      const row = this.#callOf(nodes[number]!);
      const called = row === NO_ROW ? undefined : this.#functionOf(row);
      if (called === undefined) continue;
      const key = `${called.file}:${called.line}:${called.column}:${called.name}`;
      const maker = makers.get(key) ?? {
        name: called.name,
        file: called.file,
        line: called.line,
        bytes: 0,
        objects: 0,
      };
      maker.bytes += bytes[number]!;
      maker.objects += 1;
      makers.set(key, maker);
    }
    return [...makers.values()].sort((a, b) => b.bytes - a.bytes).slice(0, MAX_MAKERS);
  }

  #functionOf(row: number): TracedFunction | undefined {
    const traces = this.#traces;
    if (traces === undefined) return undefined;
    const number = traces.functions[row]!;
    if (this.#functions.has(number)) return this.#functions.get(number);
    const found = traces.functionAt(number);
    const original = found && { ...found, ...this.#originalOf(found) };
    this.#functions.set(number, original);
    return original;
  }

  /** Returns the row of the call that allocated a node; -1 when unknown. */
  #callOf(node: number): number {
    const id = this.#snapshot.traceIds[node] ?? 0;
    const start = id === 0 ? undefined : this.#rows.get(id);
    if (start === undefined || this.#traces === undefined) return NO_ROW;
    const known = this.#callers.get(start);
    if (known !== undefined) return known;
    let row = start;
    while (row !== NO_ROW) {
      const file = this.#functionOf(row)?.file ?? '';
      if (file !== '' && !file.startsWith('node:')) break;
      row = this.#traces.parents[row]!;
    }
    this.#callers.set(start, row);
    return row;
  }
}
