// Retains objects that a small function makes, and prints as JSON the bytes in use of each function. V8 inlines the small one.
import { topOf } from '@heapray/exporter/profile';
import { HeaprayInstrumentation } from '../../dist/index.js';

const OBJECTS = 200_000;
const instrumentation = new HeaprayInstrumentation({ samplingInterval: 8192 });
const kept = new Array(OBJECTS).fill(undefined);
let count = 0;

function leaf(number) {
  return { number, next: [number, number] };
}

function fill() {
  for (let i = 0; i < 1000; i++) kept[count++] = leaf(i);
}

/** V8 may inline the other two into it. */
function fillAll() {
  while (count < OBJECTS) fill();
}

fillAll();
const profile = await instrumentation.collectProfile();
const rows = topOf(profile, { column: 'inuse_space', groupBy: 'function' });
console.log(JSON.stringify(Object.fromEntries(rows.map(({ name, flat }) => [name, flat]))));
await instrumentation.shutdown();
