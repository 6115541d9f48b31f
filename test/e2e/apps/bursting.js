// The leaky service, which after SIGUSR2 leaks until it is out of memory.
import { rememberOrder } from 'order-cache';

process.once('SIGUSR2', () => {
  for (let order = 1e6; ; order++) rememberOrder(order);
});
await import('./leaky-service.js');
