// A typical dependency: it does its work, and its source is not read until memory runs out.
const orders = new Map();
/** Orders that will expire, oldest first. */
const expiry = [];

/**
 * Keeps an order until it expires. The order is copied, so that callers may change theirs.
 *
 * @param {{ number: number, customer: string, lines: { product: object, quantity: number }[] }} order
 * @returns the kept copy, with prices
 */
export function addOrder(order) {
  const addedAt = Date.now();
  const lines = [];
  const words = [];
  let net = 0;
  let tax = 0;
  let grams = 0;
  for (const { product, quantity } of order.lines) {
    const price = product.price * quantity;
    const discount = quantity >= product.bulkQuantity ? price * product.bulkDiscount : 0;
    const lineTax = (price - discount) * product.taxRate;
    lines.push({
      sku: product.sku,
      text: `${quantity} x ${product.title}, ${product.unit}, from ${product.warehouse} for ${order.customer}`,
      quantity,
      price,
      discount,
      tax: lineTax,
      grams: product.grams * quantity,
      picked: { done: false, shelf: `${product.warehouse}/${product.shelf}/${quantity}`, at: addedAt },
    });
    words.push(`${product.title} ${order.customer}`, `${product.sku} ${order.number}`);
    net += price - discount;
    tax += lineTax;
    grams += product.grams * quantity;
  }
  const copy = {
    number: order.number,
    customer: order.customer,
    addedAt,
    lines,
    words,
    totals: { net, tax, gross: net + tax, grams },
    shipping: grams > 20_000 ? 'freight' : 'parcel',
    state: 'open',
  };
  orders.set(order.number, copy);
  expiry.push({ key: `${order.number}`, addedAt });
  return copy;
}

/** Returns the kept order with this number; undefined if there is none. */
export function findOrder(number) {
  return orders.get(number);
}

/**
 * Forgets orders older than this, in ms, and returns their number.
 *
 * The defect of this version: orders are stored under numbers and deleted by text, which matches none. The
 * queue does become shorter and the result looks right, so the defect is not visible.
 */
export function expireOrders(maxAgeMillis) {
  const limit = Date.now() - maxAgeMillis;
  let expired = 0;
  while (expired < expiry.length && expiry[expired].addedAt < limit) {
    orders.delete(expiry[expired].key);
    expired++;
  }
  expiry.splice(0, expired);
  return expired;
}
