// The leaky service, which after SIGUSR2 leaks until there is no memory.
import { rememberOrder } from 'order-cache';

process.once('SIGUSR2', () => {
  for (let order = 1e6; ; order++) rememberOrder(order);
});
await import('./leaky-service.js');
