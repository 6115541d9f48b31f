import { expect, test, vi } from 'vitest';
import { SafeListeners } from '../../../src/main-thread/log/safe-listeners.js';
import type { SuspectView } from '../../../src/protocol/messages.js';
import { eventually } from '../../support/eventually.js';

const HOSTILE = new Proxy({}, { get: () => () => raise(new Error('asked')) });
const WITHOUT_MESSAGE = Object.defineProperty(new Error('odd'), 'message', {
  get: () => raise(new Error('asked')),
});
const SUSPECT = { functionName: 'leak', message: 'leaks' } as SuspectView;

test('calls each listener until it is removed', () => {
  const listeners = new SafeListeners(() => {});
  const told: SuspectView[] = [];
  const remove = listeners.add((suspect) => told.push(suspect));
  listeners.add((suspect) => told.push(suspect));
  listeners.tell(SUSPECT);
  remove();
  listeners.tell(SUSPECT);
  expect(told).toEqual([SUSPECT, SUSPECT, SUSPECT]);
});

test('calls a listener that adds itself again only for the next suspect', () => {
  const listeners = new SafeListeners(() => {});
  let told = 0;
  const again = () => {
    told++;
    remove();
    remove = listeners.add(again);
  };
  let remove = listeners.add(again);
  listeners.tell(SUSPECT);
  expect(told).toBe(1);
  listeners.tell(SUSPECT);
  expect(told).toBe(2);
});

test('calls a function added twice twice, and removes it once at a time', () => {
  const listeners = new SafeListeners(() => {});
  const listener = vi.fn();
  const removals = [listeners.add(listener), listeners.add(listener)];
  listeners.tell(SUSPECT);
  expect(listener).toHaveBeenCalledTimes(2);
  removals[0]!();
  listeners.tell(SUSPECT);
  expect(listener).toHaveBeenCalledTimes(3);
});

test.each<[string, () => unknown, string]>([
  ['an error', () => raise(new Error('odd')), 'odd'],
  ['null', () => raise(null), 'null'],
  ['undefined', () => raise(undefined), 'undefined'],
  ['what has no prototype', () => raise(Object.create(null)), '[Object: null prototype] {}'],
  ['a rejection', () => Promise.reject(new Error('later')), 'later'],
  ['a rejection with null', () => Promise.reject(null), 'null'],
  ['a Proxy', () => raise(new Proxy({}, HOSTILE)), 'a Proxy'],
  ['an error whose message throws', () => raise(WITHOUT_MESSAGE), 'something that cannot be shown'],
  ['a symbol', () => raise(Symbol('odd')), 'Symbol(odd)'],
  ['a rejection with a Proxy', () => Promise.reject(new Proxy({}, HOSTILE)), 'a Proxy'],
  ['a rejection without a message', () => Promise.reject(WITHOUT_MESSAGE), 'something that cannot be shown'],
])('%s from a listener is reported, and the next is told all the same', async (_, listener, reported) => {
  const reports: string[] = [];
  const listeners = new SafeListeners((what) => reports.push(what));
  const next = vi.fn();
  listeners.add(listener as () => void);
  listeners.add(next);
  listeners.tell(SUSPECT);
  await eventually(() => expect(reports).toEqual([reported]));
  expect(next).toHaveBeenCalledOnce();
});

test('does not start a lazy thenable that a listener returns', () => {
  const listeners = new SafeListeners(() => {});
  const then = vi.fn();
  listeners.add(() => ({ then }));
  listeners.tell(SUSPECT);
  expect(then).not.toHaveBeenCalled();
});

test('contains errors of the report function too', async () => {
  const listeners = new SafeListeners(() => raise(new Error('full')));
  listeners.add(() => raise(new Error('odd')));
  listeners.add(() => Promise.reject(new Error('later')));
  listeners.tell(SUSPECT);
  await new Promise((resolve) => setTimeout(resolve, 0));
});

function raise(error: unknown): never {
  throw error;
}
