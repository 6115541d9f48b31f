// Two functions allocate arrays of one size and drop them at once: three and one in each round. With the argument `loop`, SIGUSR2
// starts a loop that never returns to the event loop. With `slowly`, each turn allocates little.
const dropped = { last: undefined };
/** Rounds need time for pairs of polls between two collections, also on a busy machine. */
const ROUNDS = 2;
const SPINS = 1_000_000;

function threeParts(count) {
  for (let i = 0; i < 3 * count; i++) dropped.last = new Array(100).fill(i);
}

function onePart(count) {
  for (let i = 0; i < count; i++) dropped.last = new Array(100).fill(i);
}

function idle(count) {
  dropped.turns = count;
}

function idleToo(count) {
  dropped.turns = -count;
}

function idleThree(count) {
  dropped.turns = 2 * count;
}

/** Calls the functions from one megamorphic call site, so that none of them is inlined. */
function round(count) {
  for (const work of [threeParts, onePart, idle, idleToo, idleThree]) work(count);
}

/** Works without allocating. */
function spin() {
  for (let i = 0; i < SPINS; i++) dropped.turns = (31 * dropped.turns + i) & 0xffff;
}

const [, , mode] = process.argv;
if (mode === 'loop') {
  process.on('SIGUSR2', () => {
    do {
      round(100);
      spin();
    } while (dropped.turns !== undefined);
  });
  setInterval(() => {}, 60_000);
} else
  setInterval(() => {
    if (mode === 'slowly') round(25);
    else for (let i = 0; i < ROUNDS; i++) round(100);
  }, 2);
console.log('ready');
