// Two leaks and a store of bounded size, made by three callbacks without names, two of them in one line.
const PAGES = 4;
const orders = [];
const carts = [];
const sessions = [];
/** Sessions last two seconds. */
const expire = (now) => {
  while ((sessions[0]?.until ?? now) < now) sessions.shift();
};

setInterval(() => {
  for (let i = 0; i < PAGES; i++) orders.push(new Array(512).fill(i));
}, 20);
// biome-ignore format: that the two are in one line is the point
for (const tick of [() => { for (let i = 0; i < PAGES; i++) carts.push(new Array(512).fill(i)); }, () => { for (let i = 0; i < 4 * PAGES; i++) sessions.push({ until: performance.now() + 2000, page: new Array(512).fill(i) }); }]) setInterval(tick, 20);
setInterval(() => expire(performance.now()), 100);
setInterval(globalThis.gc, 450);
