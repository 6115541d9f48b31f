// Samples as Node 22 to 26 show them: a request allocates three objects in the function that it interrupts, before its code runs.
import { expect, test } from 'vitest';
import { OwnSampleFilter } from '../../../src/profiler-thread/polling/own-samples.js';
import type { SamplingProfile } from '../../../src/profiler-thread/polling/sampling-profile.js';
import { frameOf, Readings, range, type ShownSample, samplesOf } from '../../support/readings.js';

const ofV8 = /^\(|^$/;
const READINGS = () =>
  new Readings((name) => ({
    ...frameOf(name === 'script' ? '' : name),
    url: ofV8.test(name) || name === 'script' ? '' : name,
  }));

/** Makes a filter that takes lists of samples, and returns the ordinals that it leaves. */
function newFilter(isResumed = false) {
  const readings = READINGS();
  const filter = new OwnSampleFilter(isResumed);
  return (samples: readonly ShownSample[]) => {
    const { profile, newest, own } = filter.filter(readings.of(samples) as unknown as SamplingProfile);
    return { left: profile.samples.map(({ ordinal }) => ordinal), newest, own };
  };
}

/** Returns the samples of a request that interrupts a function: the last of them is the mark. */
function held(stack: string, first: number): readonly ShownSample[] {
  return [
    ...samplesOf(stack, 64, [first, first + 1]),
    ...samplesOf(stack, 24, [first + 2]),
    ...samplesOf(`${stack} > script > heapray: hold`, 80, [first + 3]),
  ];
}

const collected = (ordinal: number) => samplesOf('main > script > heapray: collected', 80, [ordinal]);

test('leaves out the request before a poll, also in the function that allocates itself', () => {
  const filter = newFilter();
  expect(filter([...samplesOf('main', 24, range(1, 20)), ...held('main', 21)])).toEqual({
    left: range(1, 20),
    newest: 24,
    own: 4,
  });
});

test('leaves out all behind a poll up to the mark of the collection, and counts what has died of it', () => {
  const filter = newFilter();
  filter([...samplesOf('main', 24, range(1, 3)), ...held('main', 4)]);
  // Two of the samples 8 to 15 are alive; 16 to 18 are the application's, and 17 has died.
  const alive = [...samplesOf('main', 64, [9]), ...collected(15), ...samplesOf('main', 24, [16, 18])];
  expect(filter([...alive, ...held('main', 19)])).toEqual({ left: [16, 18], newest: 22, own: 8 + 4 });
});

test('leaves out what is still alive of an earlier request', () => {
  const filter = newFilter();
  filter(held('main', 1));
  filter([...held('main', 1), ...collected(10)]);
  expect(filter([...held('main', 1), ...collected(10), ...samplesOf('main', 24, [11])])).toEqual({
    left: [11],
    newest: 11,
    own: 0,
  });
});

test('leaves out only marks of an earlier profiler thread when it is resumed', () => {
  const filter = newFilter(true);
  const earlier = [...samplesOf('main > script > heapray: hold', 80, [401]), ...collected(500)];
  const kept = samplesOf('main', 24, [...range(1, 400), ...range(501, 603)]);
  const left = kept.map(({ ordinal }) => ordinal);
  // Three samples of the request in the interrupted function stay.
  const request = samplesOf('main > script > heapray: hold', 80, [604]);
  expect(filter([...earlier, ...kept, ...request])).toEqual({ left, newest: 604, own: 0 });
  // Its own collection has a mark of its own.
  const news = [...collected(615), ...samplesOf('main', 24, range(616, 620))];
  const again = filter([...kept, ...news, ...held('main', 621)]);
  expect(again).toEqual({ left: [...left, ...range(616, 620)], newest: 624, own: 11 + 4 });
});

test('leaves out nothing of the poll before when a request follows it at once', () => {
  const filter = newFilter();
  filter(samplesOf('main', 24, range(1, 20)));
  const request = samplesOf('main > script > heapray: hold', 80, [21]);
  expect(filter([...samplesOf('main', 24, range(1, 20)), ...request])).toEqual({
    left: range(1, 20),
    newest: 21,
    own: 1,
  });
});

test('leaves out nothing of the application when V8 allocates in between', () => {
  const filter = newFilter();
  const idle = [...samplesOf('(V8 API)', 56, [1]), ...samplesOf('(V8 API)', 64, range(2, 4))];
  const mark = samplesOf('script > heapray: hold', 80, [5]);
  expect(filter([...idle, ...mark])).toEqual({ left: [1], newest: 5, own: 4 });
});

test('leaves out what the request allocates while it holds the main thread', () => {
  const filter = newFilter();
  const spinning = 'main > script > heapray: hold > spinWhile > now';
  const request = [...samplesOf('main', 64, range(21, 23)), ...samplesOf(spinning, 16, range(24, 90))];
  const mark = samplesOf('main > script > heapray: hold', 80, [91]);
  expect(filter([...samplesOf('main', 24, range(1, 20)), ...request, ...mark])).toEqual({
    left: range(1, 20),
    newest: 91,
    own: 71,
  });
});

test('leaves out nothing without a mark', () => {
  const filter = newFilter();
  expect(filter(samplesOf('main', 24, range(1, 20)))).toEqual({ left: range(1, 20), newest: 20, own: 0 });
});
