// A heap of a given size, made of small objects from many places in the code, at various depths: what a
// poll costs depends on how many samples and how many stacks there are.
import { atDepth } from '../workloads/depth.mjs';

const SITES = 120;
const OBJECTS_PER_BATCH = 500;
const SHALLOW = 6;
const DEPTHS = 5;

/** Returns what must be held as long as the heap is to live. */
export function liveHeap(megabytes) {
  const makers = Array.from({ length: SITES }, (_, site) => newMaker(site));
  const held = [];
  const target = process.memoryUsage().heapUsed + megabytes * 2 ** 20;
  for (let batch = 0; process.memoryUsage().heapUsed < target; batch++) {
    const make = makers[batch % SITES];
    held.push(atDepth(SHALLOW + (batch % DEPTHS), () => make(OBJECTS_PER_BATCH)));
  }
  return held;
}

/** Every site is a function of its own. */
function newMaker(site) {
  const body = `
    const batch = [];
    for (let i = 0; i < count; i++) batch.push({ id: i, name: 'item ' + i, tags: [i, ${site}], next: null });
    return batch;`;
  return new Function('count', `return function site${site}(count) {${body}}`)();
}
