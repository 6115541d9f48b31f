// Keeps a known number of objects of one kind and almost nothing else, prints `kept`, and is then idle. After
// SIGUSR2 it keeps the same number again, and prints `kept again`.
//
// PER_TURN      objects per turn of the event loop (default: 1000)
const COUNT = Number(process.env.OBJECTS);
const PER_TURN = Number(process.env.PER_TURN ?? 1000);

/** Keeps objects in arrays made by another function, so that this one allocates only tickets. */
function keepTickets(shelf) {
  for (let i = 0; i < shelf.length; i++) shelf[i] = { id: i, row: i, seat: i, price: i };
}

const shelves = [];
function serve(count, done) {
  const shelf = new Array(PER_TURN);
  keepTickets(shelf);
  shelves.push(shelf);
  if (shelves.length * PER_TURN < count) return void setTimeout(serve, 1, count, done);
  // With --expose-gc: uncollected garbage looks like a leak.
  globalThis.gc?.();
  console.log(done);
}

process.once('SIGUSR2', () => serve(2 * COUNT, 'kept again'));
setInterval(() => {}, 60_000);
setTimeout(serve, 1, COUNT, 'kept');
console.log('ready');
