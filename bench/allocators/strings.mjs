// Splits texts, replaces with regular expressions, joins, and caches some.
import { inTurn } from './in-turn.mjs';

export const SITES = ['splitWords', 'replaceAll', 'joinLines', 'cacheKeys'];

const TEXT = 'the quick brown fox jumps over the lazy dog and runs away from the hounds of the manor '.repeat(
  8,
);
const CACHED = 50_000;

export function createRounds() {
  return inTurn({ last: undefined, cache: new Array(CACHED).fill(''), at: 0 }, [
    [splitWords, 60],
    [replaceAll, 40],
    [joinLines, 300],
    [cacheKeys, 200],
  ]);
}

function splitWords(state, count) {
  for (let i = 0; i < count; i++) state.last = `${i}${TEXT}`.split(' ');
}

function replaceAll(state, count) {
  for (let i = 0; i < count; i++) state.last = TEXT.replace(/[aeiou]+/g, (vowel) => vowel + i);
}

function joinLines(state, count) {
  for (let i = 0; i < count; i++) state.last = [i, i + 1, i + 2, TEXT.slice(i % 100, 200)].join('\n');
}

function cacheKeys(state, count) {
  for (let i = 0; i < count; i++) {
    state.cache[state.at % CACHED] = `key:${state.at}:${i}`.toUpperCase();
    state.at++;
  }
}
