// Frees nothing, and is slow enough that the heap stays below a gigabyte.
import { inTurn } from './in-turn.mjs';

export const SITES = ['keepRecords', 'keepLists', 'keepTexts'];
export const PAUSE_MILLIS = 4;

export function createRounds() {
  return inTurn({ kept: [] }, [
    [keepRecords, 120],
    [keepLists, 30],
    [keepTexts, 20],
  ]);
}

function keepRecords(state, count) {
  const batch = [];
  for (let i = 0; i < count; i++) batch.push({ id: i, at: i + 1, name: state });
  state.kept.push(batch);
}

function keepLists(state, count) {
  const batch = [];
  for (let i = 0; i < count; i++) batch.push([i, i, i, i, i, i, i, i]);
  state.kept.push(batch);
}

function keepTexts(state, count) {
  const batch = [];
  for (let i = 0; i < count; i++) batch.push(`text ${state.kept.length}, number ${i}`);
  state.kept.push(batch);
}
