// Keys of `heapray live`, without a terminal.
import { describe, expect, test } from 'vitest';
import { type Key, type KeyEffect, pressKey } from '../../src/live/keys.js';
import { FIRST_VIEW, type ViewState } from '../../src/live/view-state.js';

const DRAWN = { keys: ['a', 'b', 'c', 'd', 'e'], chosen: 1, page: 2 };
const letter = (sequence: string): Key => ({ sequence, name: sequence.toLowerCase() });
const named = (name: string): Key => ({ name, sequence: '\u001b', meta: name === 'escape' });

function after(keys: readonly Key[], view: ViewState = FIRST_VIEW): ViewState {
  return keys.reduce((current, key) => pressKey(current, key, DRAWN).view, view);
}

test.each<[string, Partial<ViewState>]>([
  ['u', { sort: 'inUse' }],
  ['g', { sort: 'growth' }],
  ['a', { sort: 'rate' }],
  ['o', { sort: 'objects' }],
  ['f', { group: 'file' }],
  ['p', { isPaused: true }],
  [' ', { isPaused: true }],
  ['?', { mode: 'help' }],
  ['/', { isTyping: true }],
  ['x', {}],
])('%j changes only its part of the view', (key, changed) => {
  expect(after([letter(key)])).toEqual({ ...FIRST_VIEW, ...changed });
});

test.each<[Key, KeyEffect]>([
  [letter('q'), 'quit'],
  [{ name: 'c', ctrl: true, sequence: '\u0003' }, 'quit'],
  [{ name: 'z', ctrl: true, sequence: '\u001a' }, 'suspend'],
  [{ name: 'l', ctrl: true, sequence: '\u000c' }, 'redraw'],
  [letter('r'), 'reconnect'],
  [letter('z'), 'count growth from now'],
])('%j has an effect', (key, effect) => {
  expect(pressKey(FIRST_VIEW, key, DRAWN).effect).toBe(effect);
});

test('grouping goes round', () => {
  expect(after([letter('f'), letter('f')]).group).toBe('package');
  expect(after([letter('f'), letter('f'), letter('f')]).group).toBe('function');
});

test.each<[string, string | undefined]>([
  ['down', 'c'],
  ['up', 'a'],
  ['pagedown', 'd'],
  ['pageup', 'a'],
  ['end', 'e'],
  ['home', undefined],
])('%s chooses a row', (name, chosen) => {
  expect(after([named(name)]).chosen).toBe(chosen);
});

test('Enter shows the callers of the chosen row, and Escape goes back to it', () => {
  const callers = after([named('return')]);
  expect(callers).toMatchObject({ mode: 'callers', chosen: 'b' });
  expect(after([named('escape')], callers)).toMatchObject({ mode: 'table', chosen: 'b' });
  expect(after([named('down')], callers)).toMatchObject({ mode: 'callers', top: 1 });
});

test('Enter does nothing without rows', () => {
  expect(pressKey(FIRST_VIEW, named('return'), { keys: [], chosen: 0, page: 1 }).view).toEqual(FIRST_VIEW);
});

describe('the filter', () => {
  const typed = (...keys: readonly Key[]) => after([letter('/'), ...keys]);

  test('takes letters that are commands elsewhere', () => {
    expect(typed(letter('q'), letter('u'), letter('?'))).toMatchObject({ filter: 'qu?', isTyping: true });
  });

  test('is kept by Enter, and cleared by Escape, then and later', () => {
    const kept = typed(letter('a'), named('return'));
    expect(kept).toMatchObject({ filter: 'a', isTyping: false, mode: 'table' });
    expect(typed(letter('a'), named('escape'))).toMatchObject({ filter: '', isTyping: false });
    expect(after([named('escape')], kept)).toMatchObject({ filter: '' });
  });

  test('loses whole characters to Backspace', () => {
    expect(typed(letter('a'), { sequence: '👨‍👩‍👧' }, named('backspace')).filter).toBe('a');
    expect(typed(letter('a'), { name: 'u', ctrl: true, sequence: '\u0015' }).filter).toBe('');
  });

  test('takes no control characters, and Ctrl-C still quits', () => {
    expect(typed({ sequence: '\u001b[31m' }, { name: 'f', ctrl: true, sequence: '\u0006' }).filter).toBe('');
    const quit = pressKey(typed(), { name: 'c', ctrl: true, sequence: '\u0003' }, DRAWN);
    expect(quit.effect).toBe('quit');
  });
});
