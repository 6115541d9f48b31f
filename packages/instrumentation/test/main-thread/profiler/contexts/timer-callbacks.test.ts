import { expect, test } from 'vitest';
import { TimerCallbacks } from '../../../../src/main-thread/profiler/contexts/timer-callbacks.js';

const CONTEXT = { components: ['api'], key: '\napi' };

function newCallbacks() {
  let located = 0;
  const timers = new TimerCallbacks(() => ({ scriptId: `${++located}`, lineNumber: 0, columnNumber: 0 }));
  /** Kept, because callbacks that are gone are not located. */
  const callbacks: unknown[] = [];
  return {
    callbacks,
    add: (count: number) => {
      for (let each = 0; each < count; each++) {
        const _onTimeout = new Function(`return ${callbacks.length}`);
        callbacks.push(_onTimeout);
        timers.add({ _onTimeout }, CONTEXT);
      }
    },
    /** Returns the number of callbacks that are located at this time. */
    locate: (millis: number) => {
      const before = located;
      while (timers.next(millis)) {}
      return located - before;
    },
  };
}

test('locates four callbacks at once, and of the others ten a second', () => {
  const { add, locate } = newCallbacks();
  add(50);
  expect([0, 0, 50, 100, 200, 5_000, 5_000].map(locate)).toEqual([4, 0, 0, 1, 1, 4, 0]);
  let all = 10;
  for (let millis = 5_100; millis < 10_000; millis += 100) all += locate(millis);
  expect(all).toBe(50);
});

test('lets at most 100 callbacks wait', () => {
  const { add, locate } = newCallbacks();
  add(200);
  let all = 0;
  for (let millis = 0; millis < 60_000; millis += 100) all += locate(millis);
  expect(all).toBe(100);
  add(1);
  expect(locate(60_000)).toBe(1);
});
