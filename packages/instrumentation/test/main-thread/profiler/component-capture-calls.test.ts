import { expect, test } from 'vitest';
import { ComponentCaptureCalls } from '../../../src/main-thread/profiler/component-capture-calls.js';
import type { CaptureScope } from '../../../src/protocol/captures/component-contexts.js';

/** Makes calls and records their captures. */
function newCalls(traced: readonly string[], scopeOf: CaptureScope = 'process', canBeExact = true) {
  const told: string[] = [];
  const calls = new ComponentCaptureCalls({
    isTraced: (name) => traced.includes(name),
    scope: () => scopeOf,
    beginExact: () => {
      told.push('exact begins');
      return canBeExact ? { sinceReplaced: true } : undefined;
    },
    begin: ({ capture, component, scope, exact }) =>
      told.push(
        `begin ${capture} ${component}${scope === 'process' ? '' : ` ${scope}`}${exact ? ' exactly' : ''}`,
      ),
    end: (capture) => told.push(`end ${capture}`),
    endExact: () => told.push('exact ends'),
    onActive: (active) => told.push(active ? 'active' : 'idle'),
  });
  return { calls, told };
}

test('a call of a traced component makes a capture', () => {
  const { calls, told } = newCalls(['api']);
  const end = calls.begin('api');
  expect(calls.active).toBe(true);
  end?.();
  expect(calls.active).toBe(false);
  expect(told).toEqual(['active', 'begin 1 api', 'end 1', 'idle']);
});

test('a call of any other component makes none', () => {
  const { calls, told } = newCalls(['api']);
  expect(calls.begin('scheduler')).toBeUndefined();
  expect(calls.active).toBe(false);
  expect(told).toEqual([]);
});

test('overlapping calls share a capture, from the first to the last', () => {
  const { calls, told } = newCalls(['api']);
  const [first, second] = [calls.begin('api'), calls.begin('api')];
  first?.();
  const third = calls.begin('api');
  second?.();
  expect(told).toEqual(['active', 'begin 1 api']);
  third?.();
  expect(told).toEqual(['active', 'begin 1 api', 'end 1', 'idle']);
});

test('consecutive calls have captures of their own', () => {
  const { calls, told } = newCalls(['api']);
  calls.begin('api')?.();
  calls.begin('api')?.();
  expect(told.filter((text) => text !== 'active' && text !== 'idle')).toEqual([
    'begin 1 api',
    'end 1',
    'begin 2 api',
    'end 2',
  ]);
});

test('two components have two captures', () => {
  const { calls, told } = newCalls(['api', 'scheduler']);
  const api = calls.begin('api');
  const scheduler = calls.begin('scheduler');
  api?.();
  scheduler?.();
  expect(told).toEqual(['active', 'begin 1 api', 'active', 'begin 2 scheduler', 'end 1', 'end 2', 'idle']);
});

test('the end of a call counts only once', () => {
  const { calls, told } = newCalls(['api']);
  const [first, second] = [calls.begin('api'), calls.begin('api')];
  first?.();
  first?.();
  expect(calls.active).toBe(true);
  second?.();
  const later = calls.begin('api');
  second?.();
  expect(calls.active).toBe(true);
  later?.();
  expect(told.filter((text) => text.startsWith('end'))).toEqual(['end 1', 'end 2']);
});

test('a capture keeps its scope, also for a new profiler thread', () => {
  const { calls, told } = newCalls(['api'], 'component');
  const end = calls.begin('api');
  calls.beginAgain();
  expect([calls.isScoped('api'), calls.isScoped('scheduler'), calls.anyScoped]).toEqual([true, false, true]);
  end?.();
  expect(calls.anyScoped).toBe(false);
  expect(told).toEqual(['active', 'begin 1 api component', 'begin 1 api component', 'end 1', 'idle']);
});

test('exact mode runs from the first to the last exact capture', () => {
  const { calls, told } = newCalls(['api', 'scheduler']);
  const api = calls.begin('api', true);
  const joins = calls.begin('api');
  const scheduler = calls.begin('scheduler', true);
  api?.();
  joins?.();
  expect(told).not.toContain('exact ends');
  scheduler?.();
  expect(told.filter((text) => !/active|idle/.test(text))).toEqual([
    'exact begins',
    'begin 1 api exactly',
    'exact begins',
    'begin 2 scheduler exactly',
    'end 1',
    'end 2',
    'exact ends',
  ]);
});

test('an exact capture has the same scope as others', () => {
  const { calls, told } = newCalls(['api'], 'component');
  calls.begin('api', true);
  expect(told).toContain('begin 1 api component exactly');
  expect(calls.isScoped('api')).toBe(true);
});

test('a capture is sampled when exact mode is not possible', () => {
  const { calls, told } = newCalls(['api'], 'process', false);
  calls.begin('api', true)?.();
  expect(told).toContain('begin 1 api');
  expect(told).not.toContain('exact ends');
});

test('a call that joins a sampled capture does not make it exact', () => {
  const { calls, told } = newCalls(['api']);
  const first = calls.begin('api');
  calls.begin('api', true)?.();
  first?.();
  expect(told).not.toContain('exact begins');
});
