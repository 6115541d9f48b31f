// Leaks a little, and ends when the process that started it has ended.
const { ppid } = process;
const kept = [];
setInterval(function leakOrder() {
  if (process.ppid !== ppid) process.exit(0);
  if (kept.length < 500) kept.push(new Array(1000).fill(kept.length));
}, 10);
