import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  contain,
  containAsync,
  contained,
  containRejection,
} from '../../../src/main-thread/containment/contain.js';
import { safeLog } from '../../../src/main-thread/log/safe-log.js';

const raise = (error: unknown): never => {
  throw error;
};
const raising = () => raise(new Error('told'));

describe('work', () => {
  test('returns its result', async () => {
    const onThrown = vi.fn();
    expect(contain(() => 42, onThrown)).toBe(42);
    expect(contained((a: number, b: number) => a + b, onThrown)(1, 2)).toBe(3);
    expect(await containAsync(async () => 42, onThrown)).toBe(42);
    expect(onThrown).not.toHaveBeenCalled();
  });

  test.each([new Error('odd'), undefined, null, Object.create(null), new Proxy({}, {})])(
    'that throws is reported, and the error goes no further',
    async (thrown: unknown) => {
      const told: unknown[] = [];
      const onThrown = (what: unknown) => void told.push(what);
      expect(contain(() => raise(thrown), onThrown)).toBeUndefined();
      expect(contained(() => raise(thrown), onThrown)()).toBeUndefined();
      expect(await containAsync(() => raise(thrown), onThrown)).toBeUndefined();
      expect(await containAsync(() => Promise.reject(thrown), onThrown)).toBeUndefined();
      expect(told.length).toBe(4);
      expect(told.every((what) => what === thrown)).toBe(true);
    },
  );

  test('may have an error handler that throws itself', async () => {
    contain(() => raise(1), raising);
    await containAsync(() => Promise.reject(1), raising);
  });
});

describe("a callback's result", () => {
  const unhandled = vi.fn();
  beforeEach(() => void process.on('unhandledRejection', unhandled));
  afterEach(() => {
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    unhandled.mockClear();
  });
  /** Resolves after Node has reported unhandled rejections. */
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

  class Odd extends Promise<void> {
    static override get [Symbol.species](): PromiseConstructor {
      return raise(new Error('species'));
    }
  }
  const rejections: [string, () => Promise<unknown>][] = [
    ['a promise', () => Promise.reject(new Error('odd'))],
    ['a promise rejected with a Proxy', () => Promise.reject(new Proxy({}, {}))],
    ['a promise of an odd kind', () => Odd.reject(new Error('odd'))],
    [
      'a promise without a constructor',
      () => {
        const throwing = { get: raising, configurable: true };
        return Object.defineProperty(Promise.reject(new Error('odd')), 'constructor', throwing);
      },
    ],
    [
      'a promise that cannot be given handlers',
      () => Object.assign(Promise.reject(new Error('odd')), { catch: raising, finally: raising }),
    ],
  ];
  test.each(rejections)('may be %s that is rejected', async (_, rejected) => {
    const onThrown = vi.fn();
    containRejection(rejected(), onThrown);
    await turn();
    expect(onThrown).toHaveBeenCalledOnce();
    containRejection(rejected(), raising);
    await turn();
  });

  test('may be a lazy thenable, which is not started', async () => {
    const then = vi.fn();
    containRejection({ then }, raising);
    containRejection(new Proxy({}, { get: raising }), raising);
    await turn();
    expect(then).not.toHaveBeenCalled();
  });

  test('may be anything if returned by a log', async () => {
    const logged: string[] = [];
    const log = safeLog((_, text) => {
      logged.push(text);
      if (text === 'throw') raise(new Proxy({}, {}));
      return Promise.reject(new Error('odd')) as never;
    });
    for (const text of ['throw', 'reject', 'throw']) log('info', text);
    await turn();
    expect(logged).toEqual(['throw', 'reject', 'throw']);
  });
});

test('a log that logs again does not call itself', () => {
  const logged: string[] = [];
  const log = safeLog((_, text) => {
    logged.push(text);
    log('info', 'again');
  });
  log('info', 'one');
  log('info', 'two');
  expect(logged).toEqual(['one', 'two']);
});
