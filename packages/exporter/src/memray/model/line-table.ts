const PYTHON_3_11 = 0x030b0000;
const PYTHON_3_10 = 0x030a0000;
/** Value for "no line change" in a 3.10 table. */
const NO_LINE = -128;

/**
 * Returns the line of an instruction offset in CPython, by the rules of the version that wrote the table; 0 if the
 * table does not have it.
 */
export function lineAt(pythonVersion: number, table: Uint8Array, firstLine: number, offset: number): number {
  if (table.length === 0 || offset < 0) return 0;
  if (pythonVersion >= PYTHON_3_11) return lineOf311(table, firstLine, offset >>> 1);
  if (pythonVersion >= PYTHON_3_10) return lineOf310(table, firstLine, offset);
  return lineOf39(table, firstLine, offset);
}

// 3.11: entries `1 kkkk lll`, kind and units covered - 1, then bytes that depend on the kind:
//
//     0-9   1 byte of columns
//     10-12 2 bytes of columns; line += kind - 10
//     13    signed number: line += it
//     14    signed number: line += it; three numbers of columns
//     15    nothing
function lineOf311(table: Uint8Array, firstLine: number, wanted: number): number {
  const cursor = { at: 0 };
  let line = firstLine;
  let unit = 0;
  while (cursor.at < table.length) {
    const head = table[cursor.at++]!;
    if (head === 0) break;
    const kind = (head >>> 3) & 0xf;
    if (kind <= 9) {
      cursor.at += 1;
    } else if (kind <= 12) {
      cursor.at += 2;
      line += kind - 10;
    } else if (kind <= 14) {
      line += signed(table, cursor);
      if (kind === 14) skipNumbers(table, cursor, 3);
    }
    const next = unit + (head & 7) + 1;
    if (wanted >= unit && wanted < next) return line | 0;
    unit = next;
  }
  return 0;
}

// 3.10: pairs (u8 addresses, i8 lines)
function lineOf310(table: Uint8Array, firstLine: number, offset: number): number {
  let line = firstLine;
  let address = 0;
  for (let at = 0; at + 1 < table.length; at += 2) {
    address += table[at]!;
    const lines = (table[at + 1]! << 24) >> 24;
    if (lines !== NO_LINE) line += lines;
    if (address > offset * 2) break;
  }
  return line | 0;
}

// 3.9 and before: pairs (i8 addresses, i8 lines). Addresses are signed as well, as in memray on x86.
function lineOf39(table: Uint8Array, firstLine: number, offset: number): number {
  let line = firstLine;
  let address = 0;
  for (let at = 0; at + 1 < table.length; at += 2) {
    address += (table[at]! << 24) >> 24;
    if (address > offset) break;
    line += (table[at + 1]! << 24) >> 24;
  }
  return line | 0;
}

/** Encodes a signed number for {@link signed}: at most 6 bytes for the difference of two lines. */
export function signedNumber(value: number): readonly number[] {
  const bytes: number[] = [];
  let left = Math.abs(value) * 2 + (value < 0 ? 1 : 0);
  for (; left >= 0x40; left = Math.floor(left / 0x40)) bytes.push((left % 0x40) | 0x40);
  return [...bytes, left];
}

/** Reads a signed number. Each byte has six bits, and bit 0x40 marks that more follow; the lowest bit is the sign. */
function signed(table: Uint8Array, cursor: { at: number }): number {
  const value = unsigned(table, cursor);
  return value & 1 ? -(value >>> 1) : value >>> 1;
}

function unsigned(table: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; cursor.at < table.length; shift += 6) {
    const byte = table[cursor.at++]!;
    if (shift < 32) value |= (byte & 0x3f) << shift;
    if ((byte & 0x40) === 0) break;
  }
  return value >>> 0;
}

function skipNumbers(table: Uint8Array, cursor: { at: number }, count: number): void {
  for (let at = 0; at < count; at += 1) unsigned(table, cursor);
}
