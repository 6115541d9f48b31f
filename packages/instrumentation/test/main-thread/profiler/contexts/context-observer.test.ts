import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { ComponentContexts } from '../../../../src/main-thread/profiler/contexts/component-contexts.js';
import { ContextObserver } from '../../../../src/main-thread/profiler/contexts/context-observer.js';
import type {
  ObservedCallback,
  ObservedFunction,
} from '../../../../src/protocol/captures/component-contexts.js';

const observers: ContextObserver[] = [];
afterEach(() => {
  for (const observer of observers.splice(0)) observer.stop();
});

function newObserver() {
  const seen: ObservedFunction[] = [];
  const timers: ObservedCallback[] = [];
  const contexts = new ComponentContexts();
  const observer = new ContextObserver({
    contexts,
    send: ({ functions, callbacks }) => {
      seen.push(...functions);
      timers.push(...callbacks);
    },
    locate: (callback) => located(callback as () => void),
    failed: (thrown) => {
      throw thrown;
    },
  });
  observers.push(observer);
  const places = (components: readonly string[]) =>
    seen
      .filter((one) => one.components.join() === components.join())
      .map(({ url, line, column }) => `${url}:${line}:${column}`);
  return { contexts, observer, places, timers };
}

/** Stands for V8's lookup: the name takes the place of the script. */
const located = ({ name }: { readonly name: string }) => ({ scriptId: name, lineNumber: 0, columnNumber: 0 });

async function pause() {
  for (let turn = 0; turn < 5; turn++) await delay(1);
}

test('tells which component a function continues for', async () => {
  const { contexts, observer, places } = newObserver();
  async function loop() {
    for (let turn = 0; turn < 50; turn++) await pause();
  }
  async function others() {
    for (let turn = 0; turn < 50; turn++) await pause();
  }
  observer.start();
  await Promise.all([contexts.run('api', () => loop()), others()]);
  observer.flush();
  const [ofApi, ofNone] = [new Set(places(['api'])), new Set(places([]))];
  const only = (some: Set<string>, rest: Set<string>) => [...some].filter((place) => !rest.has(place));
  // Both run `pause`; each has a loop of its own.
  expect(only(ofApi, ofNone)).toHaveLength(1);
  expect([...ofApi].some((place) => ofNone.has(place))).toBe(true);
});

test('names the components that led to a function, the outermost first', async () => {
  const { contexts, observer, places } = newObserver();
  observer.start();
  await contexts.run('api', () => contexts.run('jobs', () => pause()));
  observer.flush();
  expect(places(['api', 'jobs']).length).toBeGreaterThan(0);
});

test('tells which component has set a timer, once for each callback', async () => {
  const { contexts, observer, timers } = newObserver();
  observer.start();
  const tick = () => {};
  contexts.run('api', () => {
    for (let at = 0; at < 3; at++) clearTimeout(setTimeout(tick, 1000));
  });
  clearTimeout(setTimeout(function other() {}, 1000));
  // Closures of one text are located a few times only.
  for (let at = 0; at < 20; at++) clearTimeout(setTimeout(() => at, 1000));
  observer.flush();
  expect(timers).toHaveLength(4);
  // The others wait for later operations.
  while (timers.length < 6) {
    await pause();
    observer.flush();
  }
  expect(timers.map(({ location, components }) => [location.scriptId, ...components])).toEqual([
    ['tick', 'api'],
    ['other'],
    [''],
    [''],
    [''],
    [''],
  ]);
});

test('does not take the function that has called a component for its own', async () => {
  const { contexts, observer, places } = newObserver();
  async function caller() {
    await contexts.run('api', async () => pause());
    await pause();
  }
  observer.start();
  await caller();
  observer.flush();
  const ofApi = new Set(places(['api']));
  // Only `pause` runs for both.
  expect([...new Set(places([]))].filter((place) => ofApi.has(place))).toHaveLength(1);
});

test('leaves the properties of Error as they are', async () => {
  const keys = ['prepareStackTrace', 'stackTraceLimit'] as const;
  const now = () => keys.map((key) => Object.getOwnPropertyDescriptor(Error, key));
  const before = now();
  const { observer, places } = newObserver();
  observer.start();
  await pause();
  observer.flush();
  expect(places([]).length).toBeGreaterThan(0);
  expect(now()).toEqual(before);
});
