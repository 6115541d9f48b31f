import type { HeapSnapshot } from '../read/heap-snapshot.js';

/** Start of the text that V8 writes before the table's ID, in the name of an edge to a value of a WeakMap. */
const TABLE = 'in WeakMap (table @';
const CLOSE_PAREN = 0x29;
const AT = 0x40;
const ROOT = 0;
const ascii = new TextDecoder();

/**
 * Edges that keep their target alive, as Chrome's DevTools see it: weak ones do not, shortcuts only from the root. A
 * value of a WeakMap is kept by its key and by the map's table together; only the edge from the key counts, because it
 * says more.
 */
export class RetainingEdges {
  readonly #bits: Uint8Array;

  constructor(snapshot: HeapSnapshot) {
    const { typesOfEdges, edgeTypes, edgeNames, firstEdges, nodeCount, ids } = snapshot;
    this.#bits = new Uint8Array((snapshot.edgeCount >>> 3) + 1);
    const weak = typesOfEdges.indexOf('weak');
    const shortcut = typesOfEdges.indexOf('shortcut');
    const internal = typesOfEdges.indexOf('internal');
    const tables = weakMapTables(snapshot);
    for (let node = 0; node < nodeCount; node++) {
      const end = firstEdges[node + 1]!;
      for (let edge = firstEdges[node]!; edge < end; edge++) {
        const type = edgeTypes[edge]!;
        if (type === weak || (type === shortcut && node !== ROOT)) continue;
        if (type === internal && tables.size > 0 && tables.get(edgeNames[edge]!) === ids[node]) continue;
        this.#bits[edge >>> 3]! |= 1 << (edge & 7);
      }
    }
  }

  /** Returns whether an edge keeps its target alive. */
  has(edge: number): boolean {
    return ((this.#bits[edge >>> 3]! >> (edge & 7)) & 1) === 1;
  }
}

/** Returns the ID of the table of a WeakMap by the number of the text that names it. */
function weakMapTables({ texts }: HeapSnapshot): ReadonlyMap<number, number> {
  const tables = new Map<number, number>();
  for (let index = 0; index < texts.count; index++) {
    if (texts.lastByte(index) !== CLOSE_PAREN) continue;
    const bytes = texts.bytesOf(index);
    const at = bytes.lastIndexOf(AT);
    const start = at + 1 - TABLE.length;
    if (start < 0) continue;
    let isTable = true;
    for (let each = 0; each < TABLE.length && isTable; each++)
      isTable = bytes[start + each] === TABLE.charCodeAt(each);
    if (!isTable) continue;
    const id = Number.parseInt(ascii.decode(bytes.subarray(at + 1)), 10);
    if (Number.isInteger(id)) tables.set(index, id);
  }
  return tables;
}
