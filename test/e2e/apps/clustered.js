// A cluster of workers, each of which leaks 3 MiB; a dead worker is replaced. SIGTERM to the primary ends the workers first.
import cluster from 'node:cluster';
import { rememberOrder } from 'order-cache';

const ORDERS = 12;

if (cluster.isPrimary) {
  for (let i = 0; i < Number(process.env.WORKERS); i++) cluster.fork();
  let ending = false;
  cluster.on('exit', () => {
    if (!ending) cluster.fork();
    else if (Object.keys(cluster.workers).length === 0) process.exit(0);
  });
  process.once('SIGTERM', () => {
    ending = true;
    for (const worker of Object.values(cluster.workers)) worker.kill('SIGTERM');
  });
} else {
  let orders = 0;
  const timer = setInterval(() => {
    if (orders < ORDERS) return rememberOrder(orders++);
    clearInterval(timer);
    setInterval(() => {}, 60_000);
    console.log(`leaked in ${process.pid}`);
  }, 10);
}
