// The JSON reader compared with JSON.parse.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type JsonHandler, JsonReader } from '../../../src/inputs/heapprofile/json-reader.js';

/** Builds the value from the events. */
class Builder implements JsonHandler {
  value: unknown;
  readonly #open: { readonly value: unknown[] | Record<string, unknown>; key: string }[] = [];

  key(name: string): void {
    this.#open.at(-1)!.key = name;
  }

  startObject(): void {
    this.#open.push({ value: {}, key: '' });
  }

  startArray(): void {
    this.#open.push({ value: [], key: '' });
  }

  end(): void {
    this.#add(this.#open.pop()!.value);
  }

  number(value: number): void {
    this.#add(value);
  }

  text(value: string): void {
    this.#add(value);
  }

  literal(value: boolean | null): void {
    this.#add(value);
  }

  wantsText(): boolean {
    return true;
  }

  #add(value: unknown): void {
    const within = this.#open.at(-1);
    if (within === undefined) this.value = value;
    else if (Array.isArray(within.value)) within.value.push(value);
    // As JSON.parse does, even for a key such as __proto__.
    else Object.defineProperty(within.value, within.key, { ...OWN, value });
  }
}

const OWN = { configurable: true, enumerable: true, writable: true };

/** Returns the value of a text that arrives in pieces of this length, or the message of its error. */
function read(bytes: Uint8Array, length: number): unknown {
  const builder = new Builder();
  const reader = new JsonReader('JSON', builder);
  try {
    for (let at = 0; at < bytes.length; at += length) reader.push(bytes.subarray(at, at + length));
    reader.end();
    return builder.value;
  } catch (error) {
    expect((error as Error).name).toBe('FormatError');
    return (error as Error).message;
  }
}

function parse(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

test('reads all output of JSON.stringify, in pieces of any length', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.nat({ max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      (value, indent, length) => {
        const bytes = Buffer.from(JSON.stringify(value, undefined, indent));
        expect(read(bytes, length)).toEqual(JSON.parse(bytes.toString()));
      },
    ),
  );
});

test('rejects a text if and only if JSON.parse rejects it', () => {
  const parts = fc.constantFrom(
    ...['{', '}', '[', ']', ',', ':', '"', '\\', '\\u00e4', 'ä', 'a', ' ', '\n', '\u0001'],
    ...['0', '1', '-', '.', 'e', '+', 'true', 'null', '"a"', '"a":', '[1]', '12345678901234567890', '\ufeff'],
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), fc.integer({ min: 1, max: 20 }), (texts, length) => {
      const bytes = Buffer.from(texts.join(''));
      const parsed = parse(bytes);
      const found = read(bytes, length);
      if (parsed === undefined) expect(found).toMatch(/^JSON: the JSON is (damaged|cut off) at byte \d+$/);
      else expect(found).toEqual(parsed.value);
    }),
    { numRuns: 5_000 },
  );
});

test('rejects text that is not UTF-8', () => {
  expect(read(Buffer.from('"\xe4"', 'latin1'), 1)).toBe('JSON: the text is not UTF-8 at byte 0');
});
