class Order {
  constructor(number) {
    this.number = number;
    this.lines = [`first of ${number}`, `second of ${number}`];
  }
}

class OrderCache {
  #orders = new Map();
  add(order) {
    this.#orders.set(order.number, order);
  }
}

const cache = new OrderCache();
exports.addOrder = (number) => cache.add(new Order(number));
