import { expect, test } from 'vitest';
import { lineAt } from '../../../src/memray/model/line-table.js';
import { hex } from '../support/hex.js';

const V3_11 = 0x030b00f0;
const V3_10 = 0x030a00f0;
const V3_9 = 0x030900f0;

test.each([
  ['no table', V3_11, '', 0, 0],
  ['no offset', V3_11, 'e8 00', -1, 0],
  ['the table heapray writes', V3_11, 'e8 00', 0, 10],
  ['beyond the table heapray writes', V3_11, 'e8 00', 2, 0],
  ['a table of one line after the other, first', V3_11, 'e8 00 e8 02 e8 02', 0, 10],
  ['third', V3_11, 'e8 00 e8 02 e8 02', 4, 12],
  ['an odd offset belongs to the unit that contains it', V3_11, 'e8 00 e8 02 e8 02', 5, 12],
  ['short form: one byte of columns', V3_11, '87 00 e8 02', 16, 11],
  ['one-line forms: two bytes of columns', V3_11, 'd0 00 00 d8 00 00 e0 00 00', 4, 13],
  ['no columns, back by a line', V3_11, 'e8 03', 0, 9],
  ['long form: line, end line and columns', V3_11, 'f0 04 00 41 02 01 e8 00', 2, 12],
  ['no location keeps the line', V3_11, 'e8 02 f9 e8 02', 2, 11],
  ['a number of two bytes', V3_11, 'e8 48 01', 0, 10 + 36],
  ['a zero ends the table', V3_11, 'e8 00 00 e8 02', 2, 0],
  ['a truncated number', V3_11, 'e8 42', 0, 11],
  ['3.10', V3_10, 'ff 00', 0, 10],
  ['3.10: a pair covers its addresses', V3_10, '04 01 04 01', 2, 12],
  ['3.10: the pair that goes beyond counts', V3_10, '04 01 04 01', 1, 11],
  ['3.10: no line', V3_10, '04 80 04 01', 2, 11],
  ['3.10: back by lines', V3_10, '04 fe', 1, 8],
  ['3.9', V3_9, '00 00', 0, 10],
  ['3.9: stops before the pair that goes beyond', V3_9, '02 01 02 01', 2, 11],
  ['3.9: and after all of them', V3_9, '02 01 02 01', 100, 12],
  ['3.9: half a pair is ignored', V3_9, '02 01 02', 100, 11],
])('%s', (_, version, table, offset, line) => {
  expect(lineAt(version, hex(table), 10, offset)).toBe(line);
});

test('lines are int32', () => {
  expect(lineAt(V3_11, hex('e8 00'), 2 ** 31 - 1, 0)).toBe(2 ** 31 - 1);
});
