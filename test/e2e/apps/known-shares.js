// Two functions allocate arrays of one size and drop them at once: three and one in each round. With the argument
// `loop` it never returns to its event loop, with `slowly` it does little.
const dropped = { last: undefined };

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
function round() {
  for (const work of [threeParts, onePart, idle, idleToo, idleThree]) work(100);
}

console.log('ready');
if (process.argv[2] === 'loop')
  // Later than the log lines of heapray's start, which need the event loop.
  setTimeout(() => {
    while (performance.now() > 0) round();
  }, 5_000);
else
  setInterval(() => {
    for (let i = 0; i < (process.argv[2] === 'slowly' ? 1 : 20); i++) round();
  }, 2);
