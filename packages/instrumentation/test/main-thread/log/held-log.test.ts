// Log lines of code that interrupts the application.
import { expect, test } from 'vitest';
import { HeldLog } from '../../../src/main-thread/log/held-log.js';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('holds lines until the next turn of the event loop when they are logged in an interrupt', async () => {
  const lines: string[] = [];
  const held = new HeldLog((level, text) => lines.push(`${level}: ${text}`));
  held.log('info', 'before');
  held.during(() => held.log('warn', 'in it'));
  held.log('info', 'behind');
  expect(lines).toEqual(['info: before', 'info: behind']);
  await nextTurn();
  expect(lines).toEqual(['info: before', 'info: behind', 'warn: in it']);
});

test('holds a bounded number of lines, and says how many are left out', async () => {
  const lines: string[] = [];
  const held = new HeldLog((_, text) => lines.push(text));
  for (let interrupt = 0; interrupt < 10; interrupt++)
    held.during(() => {
      for (let line = 0; line < 10; line++) held.log('debug', `${interrupt}.${line}`);
    });
  await nextTurn();
  expect(lines).toHaveLength(21);
  expect(lines[19]).toBe('1.9');
  expect(lines[20]).toBe('80 more log lines were left out, in an interrupt');
  held.during(() => held.log('debug', 'later'));
  await nextTurn();
  expect(lines.slice(21)).toEqual(['later']);
});
