import { addOrder, findOrder } from 'order-cache';
import { Catalogue } from './catalogue.js';
import { Receipts } from './receipts.js';

/** Most lines of a valid order. */
const MAX_LINES = 100;

/** The business: takes orders, answers questions about them and counts what is sold. */
export class Shop {
  requests = 0;
  catalogue = new Catalogue();
  receipts = new Receipts();
  #nextNumber = 1;
  #sold = new Map();

  /**
   * Takes an order as a customer sent it.
   *
   * @throws RangeError for an invalid order
   */
  takeOrder({ customer, lines } = {}) {
    if (typeof customer !== 'string') throw new RangeError('an order needs a customer');
    if (!Array.isArray(lines) || lines.length === 0 || lines.length > MAX_LINES) {
      throw new RangeError(`an order needs 1 to ${MAX_LINES} lines`);
    }
    const number = this.#nextNumber++;
    const products = lines.map(({ sku, quantity }) => ({ product: this.catalogue.product(sku), quantity }));
    const order = addOrder({ number, customer, lines: products });
    this.receipts.keep(number, receiptOf(order));
    this.#count(order);
    return order;
  }

  findOrder(number) {
    return findOrder(number);
  }

  /** Pieces sold by product since the start. */
  get sold() {
    return this.#sold;
  }

  #count({ lines }) {
    for (const { sku, quantity } of lines) this.#sold.set(sku, (this.#sold.get(sku) ?? 0) + quantity);
  }
}

function receiptOf({ number, customer, lines, totals }) {
  const rows = lines.map(({ text, price }) => `${text}: ${(price / 100).toFixed(2)}`);
  return Buffer.from([`Order ${number}, ${customer}`, ...rows, `${totals.gross}`].join('\n'));
}
