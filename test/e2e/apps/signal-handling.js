// The leaky service with its own signal handling.
const SIGNALS = ['SIGINT', 'SIGTERM'];

const HANDLERS = {
  none() {},
  exit(signal) {
    process.on(signal, () => {
      console.log(`handler: ${signal}`);
      process.exit(7);
    });
  },
  graceful(signal) {
    process.once(signal, () => {
      console.log(`handler: ${signal}`);
      setTimeout(() => process.exit(8), 300);
    });
  },
  // Libraries such as signal-exit do this: without other listeners, the process must die of the signal.
  counting(signal) {
    const listener = () => {
      const others = process.listenerCount(signal) - 1;
      console.log(`handler: ${signal}, ${others} others`);
      if (others > 0) return;
      process.removeListener(signal, listener);
      process.kill(process.pid, signal);
    };
    process.on(signal, listener);
  },
  ignoring(signal) {
    process.on(signal, () => console.log(`handler: ${signal}`));
  },
};

for (const signal of SIGNALS) HANDLERS[process.argv[2]](signal);
await import('./leaky-service.js');
