import { expect, test } from 'vitest';
import { tokenHeaders } from '../../src/live/sources/token-headers.js';

test('the token of the environment is sent, and nothing else', () => {
  expect(tokenHeaders('12345678')).toEqual({ authorization: 'Bearer 12345678' });
  expect(tokenHeaders(' 12345678\n')).toEqual({ authorization: 'Bearer 12345678' });
  for (const none of [undefined, '', 'off', 'a b', 'a\r\nb: c', 'ä']) expect(tokenHeaders(none)).toEqual({});
});
