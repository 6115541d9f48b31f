// Text in the columns of a terminal.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTable } from '../../src/outputs/table.js';
import { clip, shorten, textWidth } from '../../src/text/width.js';

const FAMILY = '👨‍👩‍👧';

test.each([
  ['abc', 3],
  ['größer', 6],
  ['e\u0301', 1],
  ['日本語', 6],
  ['한국', 4],
  ['ｆｕｌｌ', 8],
  ['👍', 2],
  ['👍🏽', 2],
  [FAMILY, 2],
  ['❤️', 2],
  ['𠀋', 2],
  ['…', 1],
])('%s takes %i columns', (text, columns) => {
  expect(textWidth(text)).toBe(columns);
});

test('text that does not fit is cut between characters', () => {
  expect(clip('abcdef', 6)).toBe('abcdef');
  expect(clip('abcdef', 5)).toBe('abcd…');
  expect(clip('日本語', 5)).toBe('日本…');
  expect(clip('日本語', 4)).toBe('日…');
  expect(clip(`${FAMILY}${FAMILY}`, 3)).toBe(`${FAMILY}…`);
  expect(clip('日本語', 1)).toBe('…');
  expect(clip('日本語', 0)).toBe('');
  expect(shorten('/srv/app/node_modules/a/index.js', 13)).toBe('/srv/a…dex.js');
  expect(shorten('日本語の名前', 8)).toBe('日…名前');
});

test('no shortened text is wider than requested, or has half a character', () => {
  const texts = fc.array(fc.constantFrom('a', 'ä', '語', FAMILY, '👍🏽', 'e\u0301', '/', ' '), {
    maxLength: 40,
  });
  const columns = fc.nat({ max: 30 });
  fc.assert(
    fc.property(texts, columns, (parts, most) => {
      const text = parts.join('');
      for (const cut of [clip(text, most), shorten(text, most)]) {
        expect(textWidth(cut)).toBeLessThanOrEqual(most);
        expect(cut.isWellFormed()).toBe(true);
        expect(cut.replace('…', '').includes('\u200d')).toBe(cut.includes(FAMILY));
        if (textWidth(text) <= most) expect(cut).toBe(text);
      }
    }),
  );
});

test('a table shortens its text, the longest first, and then its lines if that is not enough', () => {
  const rows = [
    ['BYTES', 'FUNCTION', 'FILE'],
    ['1024', 'short', '/srv/app/node_modules/order-cache/lib/index.js'],
    ['7', 'aNameOfMoreThanThirtyCharactersInAll', '/日本語/日本語/日本語.js'],
  ];
  for (const width of [80, 60, 40, 20, 10, 3, 1]) {
    for (const line of formatTable(rows, 1, width).split('\n')) {
      expect(textWidth(line), line).toBeLessThanOrEqual(width);
    }
  }
  expect(formatTable(rows, 1, 60).split('\n')[1]).toContain('short');
  expect(formatTable(rows, 1)).toContain('/srv/app/node_modules/order-cache/lib/index.js');
});

test('a text of a million characters is cut quickly', () => {
  const name = '語'.repeat(2 ** 20);
  expect(shorten(name, 9)).toBe('語語…語語');
  expect(formatTable([[name, name]], 0, 20).length).toBeLessThan(30);
});
