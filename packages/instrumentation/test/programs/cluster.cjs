// A cluster of three workers. Only the workers load heapray, as in PM2's cluster mode: the argument is its
// preload. If the word `all` follows, the primary has loaded it too.
const cluster = require('node:cluster');

if (cluster.isPrimary) {
  const [, , preload, all] = process.argv;
  if (all === undefined) cluster.setupPrimary({ execArgv: ['--import', preload] });
  for (let i = 0; i < 3; i++) cluster.fork();
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    process.exit(0);
  });
} else {
  process.on('disconnect', () => process.exit(0));
  const kept = [];
  setInterval(() => kept.push(new Array(1000).fill(cluster.worker.id)), 10);
  console.log(`worker ${process.pid}`);
}
