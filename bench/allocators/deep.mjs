// Allocates at the end of recursions deeper than the 128 frames that V8 keeps, and in shallow stacks.
import { inTurn } from './in-turn.mjs';

export const SITES = ['leafOfDeep', 'leafOfDeeper', 'atTheTop'];

/** Interval of the in-use truth, in bytes. Larger than for other programs, because a sample's cost grows with its stack. */
export const IN_USE_INTERVAL = 32_768;

export function createRounds() {
  const state = { last: undefined, kept: [] };
  return inTurn(state, [
    [descend, 200],
    [descendFurther, 600],
    [atTheTop, 4_000],
  ]);
}

function descend(state, depth) {
  if (depth === 0) leafOfDeep(state, 6_000);
  else descend(state, depth - 1);
}

function descendFurther(state, depth) {
  if (depth === 0) leafOfDeeper(state, 2_000);
  else descendFurther(state, depth - 1);
}

function leafOfDeep(state, count) {
  for (let i = 0; i < count; i++) state.last = { a: i, b: [i, i] };
}

function leafOfDeeper(state, count) {
  for (let i = 0; i < count; i++) state.last = [i, i, i, i];
  state.kept.push({ last: state.last });
}

function atTheTop(state, count) {
  for (let i = 0; i < count; i++) state.last = { at: i };
}
