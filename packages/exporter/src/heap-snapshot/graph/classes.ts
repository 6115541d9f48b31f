import type { HeapSnapshot } from '../read/heap-snapshot.js';
import type { Dominators } from './dominators.js';

/** Name of the class of functions. */
export const FUNCTION_CLASS = 'Function';
/** Start of the names of V8's own objects. */
const SYSTEM = 'system / ';
/** Number of a class that consists of functions. Other classes have the number of their name's text. */
const FUNCTIONS = -2;
const NO_CLASS = -1;
const VIEWS = /^(?:Buffer|FastBuffer|DataView|(?:Big)?(?:Uint|Int|Float)\d+(?:Clamped)?Array)$/;

/** Objects of one class, and what they own. */
export interface ClassRow {
  readonly name: string;
  readonly objects: number;
  /** Size of the objects, with the strings, arrays and other parts that only they refer to, in bytes. */
  readonly bytes: number;
}

/**
 * Sorts the objects of a snapshot by class. A string, an array of V8, a number or the memory of a Buffer belongs to the
 * nearest object that dominates it.
 */
export class ObjectClasses {
  readonly #snapshot: HeapSnapshot;
  readonly #dominators: Dominators;
  /** For each number of a node, the number of the object that it belongs to; 0 if it belongs to none. */
  readonly #owners: Uint32Array;
  /** For each number of an object, its size with its parts, in bytes. */
  readonly bytes: Float64Array;
  readonly #object: number;
  readonly #closure: number;
  readonly #arrayBuffer: number;
  /** For each text, whether it names a class of V8: 0 unknown, 1 no, 2 yes. Likewise whether it names views of memory. */
  readonly #isSystem: Uint8Array;
  readonly #isView: Uint8Array;

  constructor(snapshot: HeapSnapshot, dominators: Dominators) {
    this.#snapshot = snapshot;
    this.#dominators = dominators;
    this.#object = snapshot.nodeTypes.indexOf('object');
    this.#closure = snapshot.nodeTypes.indexOf('closure');
    this.#arrayBuffer = snapshot.texts.find('ArrayBuffer');
    this.#isSystem = new Uint8Array(snapshot.texts.count);
    this.#isView = new Uint8Array(snapshot.texts.count);
    const { count, nodes, parents } = dominators;
    this.#owners = new Uint32Array(count);
    this.bytes = new Float64Array(count);
    for (let number = 1; number < count; number++) {
      const above = parents[number]!;
      const owner = this.#isPart(nodes[number]!, above) ? this.#owners[above]! : number;
      this.#owners[number] = owner;
      this.bytes[owner]! += snapshot.sizes[nodes[number]!]!;
    }
    this.bytes[0] = 0;
  }

  /** Returns whether a number is that of an object, and not of a part. */
  isObject(number: number): boolean {
    return number > 0 && this.#owners[number] === number;
  }

  /** Returns the class of an object's node; -1 for other nodes. */
  classOf(node: number): number {
    const type = this.#snapshot.types[node]!;
    if (type === this.#closure) return FUNCTIONS;
    const name = this.#snapshot.names[node]!;
    return type === this.#object && !this.#isSystemName(name) ? name : NO_CLASS;
  }

  /** Returns the name of a class. */
  nameOf(classNumber: number): string {
    return classNumber === FUNCTIONS ? FUNCTION_CLASS : this.#snapshot.texts.at(classNumber);
  }

  /**
   * Returns all classes that have objects.
   *
   * @param isWanted takes the number of an object's node in {@link Dominators}
   */
  rows(isWanted: (number: number) => boolean = () => true): Map<number, ClassRow> {
    const objects = new Map<number, number>();
    const bytes = new Map<number, number>();
    const { count, nodes } = this.#dominators;
    for (let number = 1; number < count; number++) {
      if (!this.isObject(number) || !isWanted(number)) continue;
      const found = this.classOf(nodes[number]!);
      objects.set(found, (objects.get(found) ?? 0) + 1);
      bytes.set(found, (bytes.get(found) ?? 0) + this.bytes[number]!);
    }
    const rows = new Map<number, ClassRow>();
    for (const [found, count] of objects) {
      rows.set(found, { name: this.nameOf(found), objects: count, bytes: bytes.get(found)! });
    }
    return rows;
  }

  #isPart(node: number, above: number): boolean {
    const found = this.classOf(node);
    if (found === NO_CLASS) return true;
    if (found !== this.#arrayBuffer) return false;
    // The memory of a Buffer belongs to the Buffer, unless several share it.
    const owner = this.#owners[above]!;
    return owner > 0 && this.#isViewName(this.#snapshot.names[this.#dominators.nodes[owner]!]!);
  }

  #isSystemName(name: number): boolean {
    const known = this.#isSystem[name];
    if (known !== 0) return known === 2;
    const isSystem = this.#snapshot.texts.startsWith(name, SYSTEM);
    this.#isSystem[name] = isSystem ? 2 : 1;
    return isSystem;
  }

  #isViewName(name: number): boolean {
    const known = this.#isView[name];
    if (known !== 0) return known === 2;
    const isView = VIEWS.test(this.#snapshot.texts.at(name));
    this.#isView[name] = isView ? 2 : 1;
    return isView;
  }
}
