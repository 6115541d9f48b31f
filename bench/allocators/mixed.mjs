// Three functions that allocate objects of short, middle and long life, the same amount in every round. The objects
// escape, or the optimizer would remove them.
import { inTurn } from './in-turn.mjs';

const SHORT = 20_000;
const MIDDLE = 4_000;
const LONG = 100;
const RING = 20_000;

export const SITES = ['shortLived', 'midLived', 'longLived'];

/** Returns a function that does one round. */
export function createRounds() {
  const state = { last: undefined, ring: new Array(RING).fill(undefined), at: 0, kept: [] };
  return inTurn(state, [
    [shortLived, SHORT],
    [midLived, MIDDLE],
    [longLived, LONG],
  ]);
}

function shortLived(state, count) {
  for (let i = 0; i < count; i++) state.last = { a: i, b: i + 1, c: [i, i, i] };
}

/** Keeps objects for five rounds, which is longer than some scavenges. */
function midLived(state, count) {
  for (let i = 0; i < count; i++) {
    state.ring[state.at] = { key: `k${i}`, values: new Array(8).fill(i) };
    state.at = (state.at + 1) % RING;
  }
}

/** Keeps objects in arrays of one round. A growing table would allocate in bursts, but all rounds must be alike. */
function longLived(state, count) {
  const batch = [];
  for (let i = 0; i < count; i++) batch.push({ id: i, name: `n${i}` });
  state.kept.push(batch);
}
