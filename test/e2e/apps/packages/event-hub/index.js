import { EventEmitter } from 'node:events';

const hub = new EventEmitter({ captureRejections: false });
hub.setMaxListeners(0);

/** Adds a listener that is never removed; 32 KiB each. */
export function subscribe(number) {
  const history = new Array(4096).fill(number);
  hub.on('order', (order) => history.push(order));
}
