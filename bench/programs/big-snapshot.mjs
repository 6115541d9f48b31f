// Fills a Map with orders, and writes a heap snapshot. Answers its size.
import { statSync } from 'node:fs';
import { memoryUsage } from 'node:process';
import { writeHeapSnapshot } from 'node:v8';

class Order {
  constructor(number) {
    this.number = number;
    this.lines = [`first line of order ${number}`, `second line of order ${number}`];
    this.customer = { name: `customer ${number}` };
  }
}

class OrderCache {
  #orders = new Map();
  add(order) {
    this.#orders.set(order.number, order);
  }
}

const { file, orders } = JSON.parse(process.argv[2]);
const cache = new OrderCache();
for (let number = 0; number < orders; number++) cache.add(new Order(number));
const heapBytes = memoryUsage().heapUsed;
const started = performance.now();
writeHeapSnapshot(file);
const pauseSeconds = (performance.now() - started) / 1000;
cache.add(new Order(orders));
console.log(JSON.stringify({ bytes: statSync(file).size, heapBytes, pauseSeconds }));
