export interface Order {
  readonly id: string;
  readonly lines: readonly { readonly sku: string; readonly text: string }[];
}

/** Keeps all orders in memory. */
export class OrdersService {
  readonly #orders = new Map<string, Order>();

  place(id: string): Order {
    const lines = Array.from({ length: 100 }, (_, line) => ({
      sku: `sku-${line}`,
      text: `Line ${line} of ${id}`,
    }));
    const order = { id, lines };
    this.#orders.set(id, order);
    return order;
  }

  get count(): number {
    return this.#orders.size;
  }
}
