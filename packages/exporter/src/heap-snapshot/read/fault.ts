import { FormatError } from '../../wire/errors.js';

const FORMAT = 'heap snapshot';

/** Offset in the file of the piece that is being read, in bytes. */
export interface Position {
  base: number;
}

/** Parses one value of the file as its bytes arrive. */
export interface ValueParser {
  /**
   * Reads on from `at`. Returns the offset after the last byte of the value, or {@link MORE} when the value continues in
   * the next piece.
   *
   * @throws FormatError when the value is not valid
   */
  push(bytes: Uint8Array, at: number): number;
}

/** Result of a parser that needs the next piece. */
export const MORE = -1;

/** Returns the error for the byte at `at` of the current piece. */
export function fault(position: Position, at: number, reason: string): FormatError {
  return new FormatError(FORMAT, reason, position.base + at);
}

/** Returns the error for the file as a whole. */
export function faultOfFile(reason: string): FormatError {
  return new FormatError(FORMAT, reason);
}

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const ZERO = 0x30;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** Returns whether a byte is white space of JSON. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
