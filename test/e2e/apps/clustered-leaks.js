// A cluster of two profiled workers, each of which leaks in a function of its own, up to 24 MiB. The primary is not profiled,
// and does not replace a worker that is killed.
import cluster from 'node:cluster';

const ORDERS = 96;
const kept = [];

function keepOrders() {
  kept.push(new Array(32_768).fill(kept.length));
}

function keepSessions() {
  kept.push(new Array(32_768).fill(kept.length));
}

if (cluster.isPrimary) {
  cluster.setupPrimary({ execArgv: ['--import', '@heapray/instrumentation/register'] });
  for (const LEAK of ['orders', 'sessions']) {
    const worker = cluster.fork({ LEAK });
    console.log(`${LEAK} in ${worker.process.pid}.`);
  }
} else {
  const leak = process.env.LEAK === 'orders' ? keepOrders : keepSessions;
  setInterval(() => {
    if (kept.length < ORDERS) leak();
    else new Array(32_768).fill(0);
  }, 100);
}
