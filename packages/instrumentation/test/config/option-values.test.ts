import { describe, expect, test } from 'vitest';
import type { OptionName } from '../../src/config/index.js';
import { OPTIONS } from '../../src/config/table/options.js';
import { rows } from './option-rows.js';
import { CFG, configOf, refusalOf } from './support.js';

test('every option has a row, except for the two with tests of their own', () => {
  const own: OptionName[] = ['traceComponents', 'configFile'];
  expect([...rows.map(({ option }) => option), ...own].sort()).toEqual(Object.keys(OPTIONS).sort());
});

/** Writes a value as in a file. */
const inFile = (text: string) => text.replaceAll('%', '%%');

describe.each(rows)('$option', ({ option, texts, badTexts, code, badCode }) => {
  const { env, file, kind } = OPTIONS[option];
  const name = env[0] ?? '';
  const place = file[0] ?? { section: '', key: '' };

  test.each(texts)('%j in the environment', (text, value) => {
    const config = configOf({ env: { [name]: text } });
    expect(config.options[option]).toEqual(value);
    expect(config.sources[option]).toBe(`env:${name}`);
    expect(config.warnings).toEqual([]);
  });

  test.each(texts.filter(([text]) => !/[\n\r]/.test(text)))('%j in the file', (text, value) => {
    const config = configOf({ cfg: `[${place.section}]\n${place.key} = ${inFile(text)}\n` });
    // The file strips blanks around a value, which shows only in the row of paths.
    expect(config.options[option]).toEqual(typeof value === 'string' ? value.replace('/ x', '/x') : value);
    expect(config.sources[option]).toBe(`file:${CFG} [${place.section}] ${place.key}`);
  });

  test.each(code)('%j in code', (given, value) => {
    const config = configOf({ code: { [option]: given } });
    expect(config.options[option]).toEqual(value);
    expect(config.sources[option]).toBe('code');
  });

  test.each(badTexts)('%j is refused in the environment', (text) => {
    const error = refusalOf({ env: { [name]: text } });
    expect(error).toMatchObject({
      key: name,
      value: kind.isSecret ? '(hidden)' : text,
      allowed: kind.allowed,
    });
    expect(error.message).toContain(name);
    expect(error.message).toContain(kind.allowed);
  });

  test.each(badTexts.filter((text) => text === text.trim() && !text.includes('\n')))(
    '%j is refused in the file',
    (text) => {
      const error = refusalOf({ cfg: `[${place.section}]\n${place.key} = ${inFile(text)}\n` });
      expect(error.key).toBe(`[${place.section}] ${place.key} in ${CFG}`);
      expect(error.allowed).toBe(kind.allowed);
    },
  );

  test.each(badCode.map((given) => ({ given })))('$given is refused in code', ({ given }) => {
    expect(refusalOf({ code: { [option]: given } })).toMatchObject({ key: option, allowed: kind.allowed });
  });

  test('code beats the environment, then the file, then the given default, then the built-in one', () => {
    const text = texts[0]?.[0] ?? '';
    const cfg = `[${place.section}]\n${place.key} = ${text}\n`;
    const all = { env: { [name]: text }, cfg, defaults: { [option]: code[0]?.[0] } };
    const source = (situation: object) => configOf(situation).sources[option];
    expect(source({ ...all, code: { [option]: code[0]?.[0] } })).toBe('code');
    expect(source({ ...all, code: { [option]: undefined } })).toBe(`env:${name}`);
    expect(source({ ...all, env: {} })).toMatch(/^file:/);
    expect(source({ defaults: all.defaults })).toBe('default');
    expect(configOf({ defaults: all.defaults }).options[option]).toEqual(code[0]?.[1]);
    expect(source({})).toBe('default');
  });
});

test('the error contains the refused value on one line, cut when it is long', () => {
  const { message } = refusalOf({ env: { HEAPRAY_SAMPLING_INTERVAL: `a\nb\u2029${'c'.repeat(500)}` } });
  expect(message).toMatch(
    /^HEAPRAY_SAMPLING_INTERVAL: 'a\\u000ab\\u2029c{100,200}…' is not allowed; use an integer/,
  );
});

test('formats the message of a refused option', () => {
  expect(refusalOf({ env: { HEAPRAY_SAMPLING_INTERVAL: '0.5' } }).message).toBe(
    "HEAPRAY_SAMPLING_INTERVAL: '0.5' is not allowed; use an integer from 1 to 1073741824 (bytes)",
  );
});
