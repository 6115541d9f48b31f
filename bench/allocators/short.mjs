// Allocates only garbage: three functions, of one, four and fifteen parts.
import { inTurn } from './in-turn.mjs';

export const SITES = ['manySmall', 'someLists', 'fewClosures'];

export function createRounds() {
  return inTurn({ last: undefined }, [
    [manySmall, 15_000],
    [someLists, 2_000],
    [fewClosures, 800],
  ]);
}

function manySmall(state, count) {
  for (let i = 0; i < count; i++) state.last = { a: i, b: i + 1, c: i + 2 };
}

function someLists(state, count) {
  for (let i = 0; i < count; i++) state.last = [i, i + 1, i + 2, i + 3, i + 4, i + 5];
}

function fewClosures(state, count) {
  for (let i = 0; i < count; i++) state.last = () => i + state.turns;
}
