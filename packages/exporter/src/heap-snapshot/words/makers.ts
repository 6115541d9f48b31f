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
  /** For each ID, the row of the traces plus 1; 0 for none. */
  readonly #rows: Uint32Array;
  /** For each row of the traces, the row of the innermost call outside of the runtime; -1 for none. */
  readonly #callers: Int32Array;
  readonly #originalOf: OriginalOf;
  /** Functions in their original source, by their numbers. */
  readonly #functions: Map<number, TracedFunction | undefined> = new Map();

  constructor(snapshot: HeapSnapshot, originalOf: OriginalOf = (found) => found) {
    const { traces } = snapshot;
    this.#snapshot = snapshot;
    this.#originalOf = originalOf;
    this.#traces = traces;
    this.#rows = traces === undefined ? new Uint32Array() : rowsById(traces.ids);
    this.#callers = traces === undefined ? new Int32Array() : callersOf(traces);
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
    const row = (this.#rows[this.#snapshot.traceIds[node] ?? 0] ?? 0) - 1;
    return row < 0 ? NO_ROW : this.#callers[row]!;
  }
}

/** Returns for each ID its row plus 1. V8 numbers calls without gaps, so IDs far beyond their number are left out. */
function rowsById(ids: Uint32Array): Uint32Array {
  const rows = new Uint32Array(2 * ids.length + 2);
  // A node with the ID 0 has no call.
  for (let row = 0; row < ids.length; row++) if (ids[row] !== 0) rows[ids[row]!] = row + 1;
  return rows;
}

/** Returns for each row the row of the innermost call outside of the runtime; -1 for none. */
function callersOf(traces: SnapshotTraces): Int32Array {
  const isUser = Uint8Array.from({ length: traces.functionCount }, (_, index) => {
    const file = traces.functionAt(index)?.file ?? '';
    return file !== '' && !file.startsWith('node:') ? 1 : 0;
  });
  const callers = new Int32Array(traces.count);
  // A caller precedes its callees.
  for (let row = 0; row < traces.count; row++) {
    const parent = traces.parents[row]!;
    if (isUser[traces.functions[row]!] === 1) callers[row] = row;
    else callers[row] = parent === NO_ROW ? NO_ROW : callers[parent]!;
  }
  return callers;
}
