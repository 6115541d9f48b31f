import { rates } from './rates.js';

const POSITIONS = 60;

/** A customer's session: the positions of the account, in a currency that changes. */
export class Session {
  constructor(customer) {
    this.customer = customer;
    this.positions = loadPositions(customer);
    this.rate = 1;
    rates.on('change', this.onChange.bind(this));
  }

  get total() {
    return this.positions.reduce((sum, { amount }) => sum + amount * this.rate, 0);
  }

  onChange(_currency, rate) {
    this.rate = rate;
  }

  /**
   * Ends the session.
   *
   * The bug: each `bind` returns a new function, so the listener that was added stays, and with it the session.
   */
  close() {
    rates.off('change', this.onChange.bind(this));
  }
}

/** Stands for a query to a database. */
function loadPositions(customer) {
  const positions = [];
  for (let index = 0; index < POSITIONS; index++) {
    positions.push({
      customer,
      title: `position ${index} of ${customer}`,
      amount: index * 10.5,
      currency: 'EUR',
    });
  }
  return positions;
}
