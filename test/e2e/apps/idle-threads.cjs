// A preload that keeps threads from running any code, as on a machine that is too busy to start them.
const { syncBuiltinESMExports } = require('node:module');
const threads = require('node:worker_threads');

threads.Worker = class extends threads.Worker {
  constructor(_, options) {
    super('setInterval(() => {}, 60_000)', { ...options, eval: true });
  }
};
syncBuiltinESMExports();
