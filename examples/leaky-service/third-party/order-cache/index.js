// A dependency as one finds them: it does its work, and nobody reads its source until memory runs out.
const orders = new Map();
/** What expires next, oldest first. */
const expiry = [];

/**
 * Keeps an order until it expires: what it is given is copied, so that callers may change theirs.
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

/** The kept order with this number; undefined when there is none. */
export function findOrder(number) {
  return orders.get(number);
}

/**
 * Forgets the orders that are older than this, and says how many.
 *
 * The defect of this version: orders are kept under numbers and forgotten under text, which finds none. The
 * queue does get shorter and the result looks right, so nothing seems to be wrong.
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
