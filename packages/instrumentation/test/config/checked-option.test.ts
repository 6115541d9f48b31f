import { expect, test } from 'vitest';
import { ConfigError, checkedOption } from '../../src/config/index.js';

test('checks an option given elsewhere in code by the same rules', () => {
  expect(checkedOption('maxCallSites', 20)).toBe(20);
  expect(checkedOption('groupBy', 'package')).toBe('package');
  expect(checkedOption('groupBy', undefined)).toBeUndefined();
  expect(() => checkedOption('maxCallSites', 0)).toThrow(ConfigError);
  expect(() => checkedOption('maxCallSites', 1001)).toThrow(
    "maxCallSites: '1001' is not allowed; use an integer from 1 to 1000 (call sites)",
  );
});
