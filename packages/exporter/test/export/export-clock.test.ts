import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { pause, systemClock } from '../../src/export/export-clock.js';

test('a pause leaves no listener on a signal that lives on', async () => {
  const { signal } = new AbortController();
  for (let at = 0; at < 3; at++) await pause(systemClock, 1, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a pause ends when the signal is aborted', async () => {
  const controller = new AbortController();
  const paused = pause(systemClock, 2 ** 30, controller.signal);
  controller.abort();
  await expect(paused).resolves.toBeUndefined();
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});
