const PRODUCTS = 3000;
const WAREHOUSES = ['north', 'south', 'harbour'];

/** Caches products without a limit: each is loaded at its first use, so the cache fills and then stays as it is. */
export class Catalogue {
  #products = new Map();

  /** @throws RangeError for an unknown product */
  product(sku) {
    const known = this.#products.get(sku);
    if (known) return known;
    const product = loadProduct(sku);
    this.#products.set(sku, product);
    return product;
  }
}

/** Stands for a query to a database. */
function loadProduct(sku) {
  const index = /^sku-\d{4}$/.test(sku) ? Number(sku.slice(4)) : PRODUCTS;
  if (index >= PRODUCTS) throw new RangeError(`no product ${sku}`);
  const row = JSON.stringify({
    sku,
    title: `Product ${index} of the autumn collection`,
    unit: index % 5 === 0 ? 'box' : 'piece',
    price: 100 + ((index * 37) % 9900),
    taxRate: index % 4 === 0 ? 0.07 : 0.19,
    bulkQuantity: 10,
    bulkDiscount: 0.05,
    grams: 50 + ((index * 13) % 4000),
    warehouse: WAREHOUSES[index % WAREHOUSES.length],
    shelf: `${index % 40}-${index % 7}`,
    reviews: Array.from({ length: 12 }, (_, review) => ({
      stars: 1 + ((index + review) % 5),
      text: `Review ${review} of product ${index}: does what it should.`,
    })),
  });
  return JSON.parse(row);
}
