import { expect, test } from 'vitest';
import { describeThrown } from '../../src/protocol/describe-thrown.js';

const throwing = () => {
  throw new Error('asked');
};
const allTraps = new Proxy({}, { get: () => throwing });

test.each<[string, unknown, string]>([
  ['an error', new Error('odd'), 'odd'],
  ['a text', 'odd', 'odd'],
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
  ['a number', 42, '42'],
  ['a symbol', Symbol('odd'), 'Symbol(odd)'],
  ['an object without prototype', Object.create(null), '[Object: null prototype] {}'],
  ['a Proxy whose traps all throw', new Proxy({}, allTraps), 'a Proxy'],
  ['a Proxy of an error', new Proxy(new Error('odd'), allTraps), 'a Proxy'],
  ['a revoked Proxy', revoked(), 'a Proxy'],
  [
    'an error of several lines',
    new Error('first\n  second\r\nthird\u2028fourth'),
    'first second third fourth',
  ],
  ['a long text', 'x'.repeat(1000), 'x'.repeat(300)],
])('%s is described on one line', (_, thrown, description) => {
  expect(describeThrown(thrown)).toBe(description);
});

test.each<[string, object]>([
  ['message throws', Object.defineProperty(new Error('odd'), 'message', { get: throwing })],
  ['message is a Proxy', Object.assign(new Error('odd'), { message: new Proxy({}, allTraps) })],
  ['inspection throws', { [Symbol.for('nodejs.util.inspect.custom')]: throwing }],
  ['toString throws', { toString: throwing, [Symbol.toPrimitive]: throwing }],
  ['tag throws', Object.defineProperty({}, Symbol.toStringTag, { get: throwing })],
  ['every property throws', Object.defineProperty({}, 'name', { get: throwing, enumerable: true })],
])('an object whose %s is described all the same', (_, thrown) => {
  const description = describeThrown(thrown);
  expect(description).not.toBe('');
  expect(description).not.toContain('\n');
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
