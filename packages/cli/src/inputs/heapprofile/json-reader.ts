import { FormatError } from '@heapray/exporter/pprof';
import { KnownTexts } from './known-texts.js';

/** Receives the values of a {@link JsonReader} in the order of the text. */
export interface JsonHandler {
  /** Starts a member of the innermost object. Its value follows. */
  key(name: string): void;
  startObject(): void;
  startArray(): void;
  /** Ends the innermost object or array. */
  end(): void;
  number(value: number): void;
  text(value: string): void;
  /** A value `true`, `false` or `null`. */
  literal(value: boolean | null): void;
  /** Returns whether the next text is needed. Otherwise it is checked, and passed on as an empty text. */
  wantsText(): boolean;
}

/** Maximum length of a text or number. Bounds the memory for an incomplete token. */
const MAX_TOKEN_BYTES = 2 ** 24;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Maximum number of digits of an integer that is always exact. */
const MAX_DIGITS = 15;

const ZERO = 0x30;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The tokens that may come next. */
type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing';

/**
 * Reads JSON as its bytes arrive, without recursion. Memory depends on the depth of nesting (one byte per level), not
 * on the length of the text. Written by hand because `@streamparser/json` takes three times as long, which would make a
 * command on a large file take twice the time that it took with `JSON.parse`.
 */
export class JsonReader {
  readonly #format: string;
  readonly #handler: JsonHandler;
  /** Bytes not yet read. */
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /**
   * Bytes after `#bytes`. They are appended when they are at least as many, so that a long text is not copied for each
   * piece.
   */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Offset of the first of `#bytes` in the text. */
  #base = 0;
  #expected: Expected = 'value';
  /** The closing byte of each open object and array. */
  #open: Uint8Array = new Uint8Array(1024);
  #depth = 0;
  #started = false;
  readonly #known: KnownTexts = new KnownTexts();

  /**
   * Creates a reader.
   *
   * @param format name of the input format for errors
   */
  constructor(format: string, handler: JsonHandler) {
    this.#format = format;
    this.#handler = handler;
  }

  /** Offset of the current token in bytes. */
  get offset(): number {
    return this.#base + this.#at;
  }

  /**
   * Reads the next bytes.
   *
   * @throws FormatError when the text is not JSON or not UTF-8, and the errors of the handler
   */
  push(bytes: Uint8Array): void {
    // Do not parse each small piece: a long text would be searched from its start again.
    this.#waiting.push(new Uint8Array(bytes));
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes < this.#bytes.length - this.#at) return;
    this.#append();
    if (!this.#started && !this.#start(false)) return;
    while (this.#at < this.#bytes.length && this.#token(false));
    if (this.#bytes.length - this.#at > MAX_TOKEN_BYTES) {
      throw this.#error(`a text or number of more than ${MAX_TOKEN_BYTES} bytes`);
    }
  }

  /**
   * Ends the input.
   *
   * @throws FormatError when the text is incomplete
   */
  end(): void {
    this.#append();
    if (!this.#started) this.#start(true);
    while (this.#at < this.#bytes.length && this.#token(true));
    if (this.#expected === 'nothing' && this.#at === this.#bytes.length) return;
    this.#at = this.#bytes.length;
    throw this.#error('the JSON is cut off');
  }

  #append(): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#base += this.#at;
    this.#at = 0;
    this.#bytes = Buffer.concat([rest, ...this.#waiting]);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Skips a byte order mark. Returns false when more bytes are needed to detect it. */
  #start(isAll: boolean): boolean {
    const bytes = this.#bytes;
    const marked = BYTE_ORDER_MARK.every((byte, at) => at >= bytes.length || bytes[at] === byte);
    if (marked && bytes.length < BYTE_ORDER_MARK.length && !isAll) return false;
    if (marked && bytes.length >= BYTE_ORDER_MARK.length) this.#at = BYTE_ORDER_MARK.length;
    this.#started = true;
    return true;
  }

  /** Reads one token. Returns false when it is incomplete. */
  #token(isAll: boolean): boolean {
    const byte = this.#bytes[this.#at]!;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#at += 1;
      return true;
    }
    switch (this.#expected) {
      case 'comma or end':
        return byte === COMMA ? this.#comma() : this.#close(byte);
      case 'colon':
        if (byte !== COLON) throw this.#damaged();
        this.#at += 1;
        this.#expected = 'value';
        return true;
      case 'key or end':
        return byte === CLOSE_BRACE ? this.#close(byte) : this.#key(byte);
      case 'key':
        return this.#key(byte);
      case 'value or end':
        return byte === CLOSE_BRACKET ? this.#close(byte) : this.#value(byte, isAll);
      case 'value':
        return this.#value(byte, isAll);
      case 'nothing':
        throw this.#damaged();
    }
  }

  #comma(): boolean {
    this.#at += 1;
    this.#expected = this.#open[this.#depth - 1] === CLOSE_BRACE ? 'key' : 'value';
    return true;
  }

  #close(byte: number): boolean {
    if (this.#open[this.#depth - 1] !== byte) throw this.#damaged();
    this.#handler.end();
    this.#at += 1;
    this.#depth -= 1;
    this.#valueRead();
    return true;
  }

  #key(byte: number): boolean {
    if (byte !== QUOTE) throw this.#damaged();
    const name = this.#text(true);
    if (name === undefined) return false;
    this.#handler.key(name);
    this.#expected = 'colon';
    return true;
  }

  #value(byte: number, isAll: boolean): boolean {
    if (byte === QUOTE) {
      const text = this.#text(this.#handler.wantsText());
      if (text === undefined) return false;
      this.#handler.text(text);
      this.#valueRead();
      return true;
    }
    if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) return this.#plain(isAll);
    if (byte === OPEN_BRACE) this.#handler.startObject();
    else this.#handler.startArray();
    this.#at += 1;
    if (this.#depth === this.#open.length) this.#open = doubled(this.#open);
    this.#open[this.#depth++] = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
    this.#expected = byte === OPEN_BRACE ? 'key or end' : 'value or end';
    return true;
  }

  #valueRead(): void {
    this.#expected = this.#depth === 0 ? 'nothing' : 'comma or end';
  }

  /** Reads a text. Returns an empty one when it is not needed, and undefined when it is incomplete. */
  #text(wanted: boolean): string | undefined {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let plain = true;
    let hash = 0;
    let at = start;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      if (byte === QUOTE) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
      if (byte >= 0x80) plain = false;
      else if (byte === BACKSLASH) {
        plain = false;
        at += 1;
      } else if (byte < 0x20) {
        this.#at = at;
        throw this.#damaged();
      }
    }
    if (at >= bytes.length) return undefined;
    const text = plain ? (wanted ? this.#known.text(bytes, start, at, hash) : '') : this.#decoded(start, at);
    this.#at = at + 1;
    return text;
  }

  /** Decodes a text with escapes or non-ASCII characters. */
  #decoded(start: number, end: number): string {
    const raw = this.#bytes.subarray(start, end);
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
    } catch (cause) {
      throw this.#error('the text is not UTF-8', cause);
    }
    if (!raw.includes(BACKSLASH)) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch (cause) {
      throw this.#error('the JSON is damaged', cause);
    }
  }

  /** Reads a number, `true`, `false` or `null`. It ends at the first other character. */
  #plain(isAll: boolean): boolean {
    const bytes = this.#bytes;
    let end = this.#at;
    let whole = 0;
    for (; end < bytes.length && isDigit(bytes[end]!); end += 1) whole = whole * 10 + bytes[end]! - 0x30;
    const digits = end - this.#at;
    // Fast path for an exact integer without leading zeros.
    if (digits > 0 && digits <= MAX_DIGITS && end < bytes.length && !isPlain(bytes[end]!)) {
      if (bytes[this.#at] !== ZERO || digits === 1) {
        this.#handler.number(whole);
        this.#at = end;
        this.#valueRead();
        return true;
      }
    }
    while (end < bytes.length && isPlain(bytes[end]!)) end += 1;
    if (end === bytes.length && !isAll && end - this.#at <= MAX_TOKEN_BYTES) return false;
    const text = bytes.toString('latin1', this.#at, end);
    if (text === 'true' || text === 'false') this.#handler.literal(text === 'true');
    else if (text === 'null') this.#handler.literal(null);
    else if (NUMBER.test(text)) this.#handler.number(Number(text));
    else throw end === bytes.length && isAll ? this.#cut() : this.#damaged();
    this.#at = end;
    this.#valueRead();
    return true;
  }

  #cut(): FormatError {
    this.#at = this.#bytes.length;
    return this.#error('the JSON is cut off');
  }

  #damaged(): FormatError {
    return this.#error('the JSON is damaged');
  }

  #error(reason: string, cause?: unknown): FormatError {
    return new FormatError(this.#format, reason, this.offset, { cause });
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

/** Returns whether a byte may be part of a number or literal: letters, digits, `+`, `-` and `.`. */
function isPlain(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  );
}

function doubled(bytes: Uint8Array): Uint8Array {
  const bigger = new Uint8Array(bytes.length * 2);
  bigger.set(bytes);
  return bigger;
}
