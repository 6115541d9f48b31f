import { expect, test } from 'vitest';
import { captureFileName } from '../../src/sinks/index.js';

test.each([
  ['scheduler', 'scheduler'],
  ['dag-processor.v2', 'dag-processor.v2'],
  ['my service/größe', 'my_service_gr__e'],
  ['../../etc/passwd', '_._.._etc_passwd'],
  ['.hidden', '_hidden'],
  ['', '_'],
  ['a\0b\n', 'a_b_'],
])('%j becomes %s', (component, name) => {
  expect(captureFileName(component)).toBe(name);
});

test('a long name is cut, and differs from others with the same start', () => {
  const [a, b] = ['a', 'b'].map((end) => captureFileName('x'.repeat(400) + end));
  expect(a).toHaveLength(180);
  expect(a).not.toBe(b);
  expect(captureFileName(`${'x'.repeat(400)}a`)).toBe(a);
  expect(captureFileName('y'.repeat(180))).toBe('y'.repeat(180));
});
