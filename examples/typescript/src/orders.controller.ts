import { Get } from './http.js';
import type { OrdersService } from './orders.service.js';

export class OrdersController {
  readonly #orders: OrdersService;

  constructor(orders: OrdersService) {
    this.#orders = orders;
  }

  @Get('/place')
  place(query: URLSearchParams): unknown {
    const { id, lines } = this.#orders.place(query.get('id') ?? '');
    return { id, lines: lines.length };
  }

  @Get('/count')
  count(): unknown {
    return { count: this.#orders.count };
  }
}
