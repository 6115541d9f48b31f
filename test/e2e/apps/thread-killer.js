// Preloaded before heapray: ends the profiler thread once, on SIGUSR2.
process.on('worker', (worker) => {
  process.once('SIGUSR2', () => worker.terminate());
});
