// Opens and closes sessions of customers. This is the service that leaks.
import { serve } from '../../serve.js';
import { startRates } from './rates.js';
import { Session } from './session.js';

const open = new Map();
let nextId = 1;

startRates();
serve((path, parameters) => {
  if (path !== '/session') return undefined;
  const session = new Session(parameters.get('customer'));
  open.set(nextId++, session);
  // Every customer logs out again.
  for (const [id, oldest] of open) {
    if (open.size <= 20) break;
    open.delete(id);
    oldest.close();
  }
  return { customer: session.customer, total: session.total };
});
