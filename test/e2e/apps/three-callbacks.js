// Two leaks and a bounded store, made by three callbacks without names, two of them in one line.
const ENTRIES = 2048;
const orders = [];
const carts = [];
const sessions = [];
/** Removes sessions after two seconds. */
const expire = (now) => {
  while ((sessions[0]?.until ?? now) < now) sessions.shift();
};
const start = (...callbacks) => {
  for (const callback of callbacks) setInterval(callback, 20);
};

start(() => {
  orders.push(new Array(ENTRIES).fill(1));
});
// biome-ignore format: that the two are in one line is the point
start(() => { carts.push(new Array(ENTRIES).fill(1)); }, () => { sessions.push({ until: performance.now() + 2000, page: new Array(4 * ENTRIES).fill(1) }); });
setInterval(() => expire(performance.now()), 100);
setInterval(globalThis.gc, 450);
