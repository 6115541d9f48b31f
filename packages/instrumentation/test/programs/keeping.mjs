// Keeps known bytes by function, beside garbage. Most garbage dies young, but much of it only after it has reached the old
// generation, so that it lies there until a major collection. An array of n numbers has 48 + 8 n bytes.
const MIB = 2 ** 20;
const RING_MIB = 8;
/** Global, as nothing reads it again. */
globalThis.kept = [];
const ring = [];
const dropped = { last: undefined };
let at = 0;

function keepLarge() {
  return new Array(1018).fill(1.5);
}

function keepMiddle() {
  return new Array(250).fill(1.5);
}

function keepSmall() {
  return new Array(58).fill(1.5);
}

function keepForAWhile() {
  return new Array(122).fill(1.5);
}

function drop() {
  return new Array(122).fill(2.5);
}

/** Calls the functions from one call site, so that none of them is inlined. */
function fill(make, bytes) {
  const { length } = make();
  return Array.from({ length: bytes / (48 + 8 * length) }, make);
}

for (const [make, mib] of [
  [keepLarge, 24],
  [keepMiddle, 12],
  [keepSmall, 6],
])
  globalThis.kept.push(fill(make, mib * MIB));
ring.push(...fill(keepForAWhile, RING_MIB * MIB));
dropped.last = fill(drop, MIB);

setInterval(() => {
  for (let i = 0; i < 8; i++) {
    for (const [count, make] of [
      [5, keepForAWhile],
      [25, drop],
    ]) {
      const made = fill(make, count * 1024);
      if (make === drop) dropped.last = made;
      else for (const one of made) ring[at++ % ring.length] = one;
    }
  }
}, 2);
console.log('ready');
