// A preload: threads do nothing at all, as on a machine that is too busy to begin them.
const { syncBuiltinESMExports } = require('node:module');
const threads = require('node:worker_threads');

threads.Worker = class extends threads.Worker {
  constructor(_, options) {
    super('setInterval(() => {}, 60_000)', { ...options, eval: true });
  }
};
syncBuiltinESMExports();
