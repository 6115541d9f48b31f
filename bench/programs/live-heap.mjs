// Makes a heap of a given size from small objects of many call sites, at various depths: the cost of a
// poll depends on the number of samples and of stacks.
import { atDepth } from '../workloads/depth.mjs';

const SITES = 120;
const OBJECTS_PER_BATCH = 500;
const SHALLOW = 6;
const DEPTHS = 5;

/** Returns the objects; hold them as long as the heap is to live. */
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

/** Makes a separate function for each site. */
function newMaker(site) {
  const body = `
    const batch = [];
    for (let i = 0; i < count; i++) batch.push({ id: i, name: 'item ' + i, tags: [i, ${site}], next: null });
    return batch;`;
  return new Function('count', `return function site${site}(count) {${body}}`)();
}
