// Makes garbage in a burst and is then idle, so that the garbage stays. Prints the size of its heap on request.
const keptMib = 4;
const droppedMib = 48;
const WORDS = 1024;

function keep() {
  return new Array(WORDS).fill(1.5);
}

function drop() {
  return new Array(WORDS).fill(2.5);
}

const kept = Array.from({ length: (keptMib * 2 ** 20) / (WORDS * 8) }, keep);
// Alive for long enough to reach the old generation, which V8 collects only when it expects a gain.
let dropped = Array.from({ length: (droppedMib * 2 ** 20) / (WORDS * 8) }, drop);
process.on('SIGUSR2', () => console.log(`heap ${process.memoryUsage().heapUsed} of ${kept.length}`));
setTimeout(() => {
  dropped = undefined;
  console.log(`dropped ${dropped}`);
}, 500);
setInterval(() => {}, 60_000);
