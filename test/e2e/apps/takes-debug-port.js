// At SIGHUP it listens on the port of heapray's debug server for a moment, then ends the profiler thread. Prints `ready` when it
// listens to the signal.
import { once } from 'node:events';
import { createServer } from 'node:http';

setInterval(() => {}, 60_000);
await new Promise((resolve) => {
  process.once('SIGHUP', resolve);
  console.log('ready');
});
const [host, port] = process.env.HEAPRAY_DEBUG_ADDR.split(':');
const server = createServer();
server.listen(Number(port), host);
await once(server, 'listening');
server.close();
await once(server, 'close');
process.kill(process.pid, 'SIGUSR2');
