import { Session } from 'node:inspector';
import { expect, test } from 'vitest';
import { locateFunction } from '../../../src/main-thread/sampler/locate-function.js';

const gc = globalThis.gc!;

test('a function starts where its parameters do', () => {
  const session = new Session();
  session.connect();
  const location = locateFunction(session, function someWork() {});
  expect(location).toMatchObject({ lineNumber: expect.any(Number), columnNumber: expect.any(Number) });
  expect(locateFunction(session, Math.max)).toBeUndefined();
  expect(locateFunction(session, undefined)).toBeUndefined();
  session.disconnect();
});

test('a located closure is not kept alive, nor what it references', async () => {
  const session = new Session();
  session.connect();
  const held = Array.from({ length: 50 }, () => locateAndForget(session));
  await new Promise((resolve) => setTimeout(resolve, 0));
  gc();
  expect(held.filter((reference) => reference.deref() !== undefined)).toEqual([]);
  session.disconnect();
});

function locateAndForget(session: Session): WeakRef<object> {
  const data = { rows: new Array(1000).fill(1) };
  expect(locateFunction(session, () => data.rows.length)).toBeDefined();
  return new WeakRef(data);
}
