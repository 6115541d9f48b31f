// Leaks a little, and ends when the process is gone that has started it.
const { ppid } = process;
const kept = [];
setInterval(function leakOrder() {
  if (process.ppid !== ppid) process.exit(0);
  if (kept.length < 500) kept.push(new Array(1000).fill(kept.length));
}, 10);
