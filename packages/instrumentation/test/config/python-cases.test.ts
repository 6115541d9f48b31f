import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expandText } from '../../src/config/file/expand.js';
import { type IniFile, parseIni } from '../../src/config/file/ini.js';
import { ConfigError } from '../../src/config/index.js';
import { strip } from '../../src/config/table/text.js';

/** A result, or the name of Python's error. */
type Outcome<T> = { readonly value: T; readonly refused?: undefined } | { readonly refused: string };

interface IniCase {
  readonly text: string;
  readonly refused?: string;
  /** Own keys of each section. */
  readonly keys: Record<string, string[]>;
  /** Values by section and key, including those of [DEFAULT]. */
  readonly values: Record<string, Record<string, Outcome<string>>>;
}

/** Results of CPython; see README.md. */
interface Golden {
  /** White space among the first 65536 characters. */
  readonly spaces: number[];
  readonly ini: IniCase[];
  readonly expand: ({ readonly text: string; readonly env: Record<string, string> } & Outcome<string>)[];
}

const golden = JSON.parse(readFileSync(new URL('python-cases.json', import.meta.url), 'utf8')) as Golden;

/** Runs `action`; returns `refused` for a ConfigError, and throws any other error. */
function outcome<T>(action: () => T): T | 'refused' {
  try {
    return action();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return 'refused';
  }
}

const expected = <T>(one: Outcome<T>): T | 'refused' => (one.refused === undefined ? one.value : 'refused');

function readValues(ini: IniFile, { values }: IniCase): Record<string, Record<string, string | undefined>> {
  const read = (section: string, keys: string[]) =>
    Object.fromEntries(keys.map((key) => [key, outcome(() => ini.get(section, key))]));
  return Object.fromEntries(
    Object.entries(values).map(([name, keys]) => [name, read(name, Object.keys(keys))]),
  );
}

test('strip removes exactly the white space that Python removes', () => {
  const codes = Array.from({ length: 0x1_0000 }, (_, code) => code);
  expect(codes.filter((code) => strip(`a${String.fromCharCode(code)}`) === 'a')).toEqual(golden.spaces);
  expect(codes.filter((code) => strip(`${String.fromCharCode(code)}a`) === 'a')).toEqual(golden.spaces);
});

describe('parses a file like configparser', () => {
  test.each(golden.ini.map((one, index) => [index, one] as const))('text %i', (_, one) => {
    const ini = outcome(() => parseIni(one.text, '/f.cfg'));
    if (ini === 'refused' || one.refused !== undefined) {
      expect([ini, typeof one.refused]).toEqual(['refused', 'string']);
      return;
    }
    for (const [section, keys] of Object.entries(one.keys)) expect(ini.keys(section)).toEqual(keys);
    const values = Object.entries(one.values).map(([name, keys]) => [
      name,
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, expected(value)])),
    ]);
    expect(readValues(ini, one)).toEqual(Object.fromEntries(values));
  });
});

describe('expands a value repeatedly like os.path', () => {
  test.each(golden.expand.map((one, index) => [index, one] as const))('text %i', (_, one) => {
    const readFile = () => 'daemon:x:1:1:daemon:/usr/sbin:/bin/sh\n';
    const expanded = outcome(() =>
      expandText(one.text, 'key', { env: one.env, homeDir: undefined, readFile }),
    );
    expect(expanded).toBe(expected(one));
  });
});
