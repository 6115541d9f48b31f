import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanName, cleanText, plainName } from '../../../src/memray/format/clean-text.js';

test.each([
  ['', '(anonymous)'],
  ['plain', 'plain'],
  ['a\0b', 'a\ufffdb'],
  ['a\ud800b', 'a\ufffdb'],
  ['a\nb\u001b[31m', 'a\ufffdb\ufffd\\[31m'],
  ['日本 😀', '日本 😀'],
  ['*[Symbol.iterator]', '*[Symbol.iterator]'],
  ['Foo.[12]', 'Foo.[12]'],
  ['[]', '[]'],
  ['get [foo]', 'get \\[foo]'],
  ['/app/[slug]/[...rest].js', '/app/\\[slug]/\\[...rest].js'],
  ['[eval]', '\\[eval]'],
  ['[/x]', '\\[/x]'],
  ['[Foo]', '\\[Foo]'],
  ['[nodejs.util.inspect.custom]', '\\[nodejs.util.inspect.custom]'],
  ['a[', 'a\\['],
  ['C:\\app\\[slug]', 'C:\\app\\[slug]'],
  ['two\\\\[foo]', 'two\\\\\\[foo]'],
  ['tail\\', 'tail\\\\'],
])('%j becomes %j', (name, expected) => {
  expect(cleanName(name)).toBe(expected);
});

test('clean names are unchanged', () => {
  const text = fc.string({
    unit: fc.constantFrom('[', ']', '\\', 'a', 'A', '.', '1', '/', ' ', '\0', '\ud800', '\n'),
  });
  fc.assert(
    fc.property(text, (name) => {
      expect(cleanName(cleanName(name))).toBe(cleanName(name));
      expect(cleanText(cleanText(name))).toBe(cleanText(name));
    }),
    { numRuns: 2000 },
  );
});

test('a clean name can be written as a string of a capture', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const clean = cleanName(name);
      expect(clean).not.toBe('');
      expect(clean).not.toContain('\0');
      expect(clean.isWellFormed()).toBe(true);
    }),
  );
});

test.each(['get [foo]', '/app/[slug]/[...rest].js', '*[Symbol.iterator]', 'a[', 'tail\\', 'plain', '[[x]]'])(
  '%j is restored when its escapes are removed',
  (name) => {
    expect(plainName(cleanName(name))).toBe(name);
  },
);
