// Allocates a known number of objects of several shapes as a component. The first call warms up; the second one counts.
// The shapes are of sizes that V8's own objects hardly have.
import { profileComponent } from '@heapray/instrumentation';

const COUNT = Number(process.env.COUNT ?? 2000);
const WAIT_MILLIS = 300;
const TEXT = 'a text that is long enough for slices of its own'.repeat(3);
let last;

class Instance {
  constructor(a) {
    this.a = a;
    this.b = a;
    this.c = a;
    this.d = a;
    this.e = a;
    this.f = a;
    this.g = a;
    this.h = a;
    this.i = a;
    this.j = a;
    this.k = a;
  }
}

const shapes = {
  plainObject: (a) => ({ a, b: a, c: a, d: a, e: a, f: a, g: a, h: a, i: a, j: a, k: a, l: a, m: a }),
  arrayLiteral: (a) => [a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a],
  closure: (a) => {
    const [b, c, d, e, f, g, h, i] = [a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7, a + 8];
    return () => a + b + c + d + e + f + g + h + i;
  },
  slicedText: (a) => TEXT.slice(a % 50, (a % 50) + 40),
  // Usually inlined into their callers.
  inlinedLeaf: (a) => ({ a, b: a, c: a, d: a, e: a, f: a, g: a, h: a, i: a, j: a, k: a, l: a }),
  inlinedMiddle: (a) => shapes.inlinedLeaf(a),
  // Usually one allocation of all four.
  foldedObjects: (a) => ({
    one: { a, b: a, c: a, d: a, e: a, f: a, g: a, h: a, i: a, j: a },
    two: { a, b: a, c: a, d: a, e: a, f: a, g: a, h: a, i: a, j: a },
    three: { a, b: a, c: a, d: a, e: a, f: a, g: a, h: a, i: a, j: a },
  }),
  instance: (a) => new Instance(a),
};
const loops = [
  'plainObject',
  'arrayLiteral',
  'closure',
  'slicedText',
  'inlinedMiddle',
  'foldedObjects',
  'instance',
];

async function asyncObject(a) {
  await undefined;
  return {
    a,
    b: a,
    c: a,
    d: a,
    e: a,
    f: a,
    g: a,
    h: a,
    i: a,
    j: a,
    k: a,
    l: a,
    m: a,
    n: a,
    o: a,
    p: a,
    q: a,
    r: a,
  };
}

const work = profileComponent(
  'shapes',
  async () => {
    for (const name of loops) {
      const make = shapes[name];
      for (let number = 0; number < COUNT; number++) last = make(number);
    }
    for (let number = 0; number < COUNT; number++) last = await asyncObject(number);
    // Longer than the longest gap between two polls, so that one interrupts this wait.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MILLIS);
  },
  { exact: true },
);

await work();
await work();
if (last.r !== COUNT - 1) throw new Error('the work was not done');
console.log('worked');
// Ends by itself, in case that the test is ended before it.
if (process.env.STAY) setTimeout(() => {}, 120_000);
