// Leaks in its first statements, before anything asynchronous can run.
const kept = [];
function firstCode() {
  for (let at = 0; at < 20_000; at++) kept.push(new Array(100).fill(at));
}
firstCode();
setInterval(() => kept.length, 1000);
