// Keeps a known number of objects of one kind, and nothing else to speak of, and prints `kept`; then it is idle. After
// SIGUSR2 it keeps as many again, and prints `kept again`.
//
// PER_TURN      how many it makes before it comes back to its event loop (1000 without)
const COUNT = Number(process.env.OBJECTS);
const PER_TURN = Number(process.env.PER_TURN ?? 1000);

/** Kept in arrays that another function makes: what this one allocates is tickets only. */
function keepTickets(shelf) {
  for (let i = 0; i < shelf.length; i++) shelf[i] = { id: i, row: i, seat: i, price: i };
}

const shelves = [];
function serve(count, done) {
  const shelf = new Array(PER_TURN);
  keepTickets(shelf);
  shelves.push(shelf);
  if (shelves.length * PER_TURN < count) return void setTimeout(serve, 1, count, done);
  // With --expose-gc: garbage that is not collected looks like a leak.
  globalThis.gc?.();
  console.log(done);
}

process.once('SIGUSR2', () => serve(2 * COUNT, 'kept again'));
setInterval(() => {}, 60_000);
setTimeout(serve, 1, COUNT, 'kept');
console.log('ready');
