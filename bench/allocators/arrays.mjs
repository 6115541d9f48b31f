// Allocates arrays far above the sampling interval beside small objects. A large array is a sample by itself.
import { inTurn } from './in-turn.mjs';

export const SITES = ['hugeArrays', 'largeArrays', 'smallOnes', 'keptArrays'];

const KEPT = 40;

export function createRounds() {
  return inTurn({ last: undefined, kept: [], at: 0 }, [
    [hugeArrays, 1],
    [largeArrays, 12],
    [smallOnes, 12_000],
    [keptArrays, 1],
  ]);
}

function hugeArrays(state, count) {
  for (let i = 0; i < count; i++) state.last = new Array(200_000).fill(i);
}

function largeArrays(state, count) {
  for (let i = 0; i < count; i++) state.last = new Array(10_000).fill(i);
}

function smallOnes(state, count) {
  for (let i = 0; i < count; i++) state.last = { a: i, b: i };
}

/** Keeps the newest forty. */
function keptArrays(state, count) {
  for (let i = 0; i < count; i++) state.kept[state.at++ % KEPT] = new Array(30_000).fill(i);
}
