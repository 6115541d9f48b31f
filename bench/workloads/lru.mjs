// A cache under churn: objects live long enough to be promoted and then die old, the worst case for a
// generational collector.
import { atDepth } from './depth.mjs';
import { seededRandom } from './random.mjs';

const CAPACITY = 20_000;
const KEYS = 60_000;
const STEPS = 4_000;
const DEPTH = 10;

export function createWorkload() {
  const random = seededRandom(1);
  const cache = new Map();
  const step = () => {
    for (let i = 0; i < STEPS; i++) touch(cache, `key-${Math.floor(random() * KEYS)}`, i);
    return cache.size;
  };
  return () => atDepth(DEPTH, step);
}

function touch(cache, key, i) {
  const known = cache.get(key);
  if (known) {
    cache.delete(key);
    cache.set(key, known);
    known.hits.push(i);
    if (known.hits.length > 8) known.hits = [i];
    return;
  }
  cache.set(key, newEntry(key, i));
  if (cache.size > CAPACITY) cache.delete(cache.keys().next().value);
}

function newEntry(key, i) {
  return { key, hits: [i], value: { id: i, parts: [i, i + 1, i + 2], text: `${key}/${i}` } };
}
