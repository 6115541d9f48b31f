import { RowTable } from './row-table.js';

/**
 * Numbers pairs of small integers 1, 2, 3 … in the order of their first use. They are the nodes of a tree with root 0,
 * each being (parent node, frame).
 */
export class PairTable extends RowTable {
  constructor() {
    super(2, 1);
  }

  /**
   * Creates a table for look-ups. It accepts no more pairs.
   *
   * @param state data of another table
   */
  static of(state: Int32Array<ArrayBuffer>): PairTable {
    const table = new PairTable();
    table.adopt(state);
    return table;
  }

  /** Releases the look-up of pairs. No pair may be interned afterwards. Nodes can still be looked up by number. */
  seal(): void {
    this.adopt(this.state);
  }

  /** Number of nodes without the root, which is also the highest node number. */
  get size(): number {
    return this.count - 1;
  }

  parent(node: number): number {
    return this.rows[node * 2]!;
  }

  frame(node: number): number {
    return this.rows[node * 2 + 1]!;
  }

  /**
   * Returns the node (parent, frame), and creates it if it is new. It is new if it exceeds the previous {@link size}.
   */
  intern(parent: number, frame: number): number {
    return this.handleFor(parent, frame);
  }
}
