// Allocates steadily, and in every 32nd round a burst in another function: half of all bytes in little time.
import { inTurn } from './in-turn.mjs';

export const SITES = ['steady', 'burst', 'kept'];
export const PAUSE_MILLIS = 15;

const BURST_EVERY = 32;

export function createRounds() {
  return inTurn({ last: undefined, at: 0, held: [] }, [
    [steady, 2_000],
    [burst, 80_000],
    [kept, 40],
  ]);
}

function steady(state, count) {
  state.at++;
  for (let i = 0; i < count; i++) state.last = { a: i, b: i + 1, c: [i, i, i] };
}

function burst(state, count) {
  if (state.at % BURST_EVERY !== 0) return;
  for (let i = 0; i < count; i++) state.last = { text: state, list: [i, i, i] };
}

function kept(state, count) {
  const batch = [];
  for (let i = 0; i < count; i++) batch.push({ id: i, next: batch });
  state.held.push(batch);
}
