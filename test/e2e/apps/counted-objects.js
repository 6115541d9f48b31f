// Keeps a known number of objects of one kind, and nothing else to speak of; then it is idle.
const COUNT = Number(process.env.OBJECTS);

/** Kept in arrays that another function makes: what this one allocates is tickets only. */
function keepTickets(shelf) {
  for (let i = 0; i < shelf.length; i++) shelf[i] = { id: i, row: i, seat: i, price: i };
}

const shelves = [];
function serve() {
  const shelf = new Array(1000);
  keepTickets(shelf);
  shelves.push(shelf);
  if (shelves.length * shelf.length < COUNT) return;
  clearInterval(timer);
  setInterval(() => {}, 60_000);
  // With --expose-gc: garbage that is not collected looks like a leak.
  globalThis.gc?.();
  console.log('kept');
}

const timer = setInterval(serve, 1);
console.log('ready');
