import { expect, test } from 'vitest';
import { meaningOfPseudoFrame } from '../../src/profile/index.js';

test.each([
  '(V8 API)',
  '(EXTERNAL)',
  '(GC)',
  '(PARSER)',
  '(COMPILER)',
  '(BYTECODE_COMPILER)',
  '(JS)',
  '(LOGGING)',
  '(IDLE)',
  '(IDLE_EXTERNAL)',
  '(unobserved)',
  '(truncated)',
])('%s is explained in one line', (name) => {
  expect(meaningOfPseudoFrame(name)).toMatch(/^[^\n]{10,120}$/);
});

test.each(['', '(anonymous)', 'map', 'constructor', '__proto__'])('%s is a function', (name) => {
  expect(meaningOfPseudoFrame(name)).toBeUndefined();
});
