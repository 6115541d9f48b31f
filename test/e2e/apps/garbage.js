// Makes garbage in a burst and then does nothing, so that nothing collects it. Says how large its heap is when asked.
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
// Alive for long enough to reach the old generation, which is collected when V8 thinks it worth it.
let dropped = Array.from({ length: (droppedMib * 2 ** 20) / (WORDS * 8) }, drop);
process.on('SIGUSR2', () => console.log(`heap ${process.memoryUsage().heapUsed} of ${kept.length}`));
setTimeout(() => {
  dropped = undefined;
  console.log(`dropped ${dropped}`);
}, 500);
setInterval(() => {}, 60_000);
