// A wrong setting must leave nothing open: no debug server without the token or on another address than those asked for, and
// nothing allowed that is off by default.
import { describe, expect, test } from 'vitest';
import type { HeaprayOptions, OptionName } from '../../src/config/index.js';
import { OPTIONS } from '../../src/config/table/options.js';
import { CFG, configOf, refusalOf, type Situation, systemError } from './support.js';

/** The address that `register` gives the debug server without a setting. */
const REGISTER: HeaprayOptions = { debugAddress: '127.0.0.1:6464' };
const TOKEN = 'correct-horse-battery';

/** Resolves a situation as `register` does, with all messages. */
function registered(situation: Situation) {
  const lines: string[] = [];
  const config = configOf({
    defaults: REGISTER,
    ...situation,
    onRefused: ({ message }, _, effect) => void lines.push(`${message}; ${effect}`),
  });
  return { ...config, lines: [...lines, ...config.warnings] };
}

const inFile = (lines: string): Situation => ({ cfg: `[heapray]\n${lines}\n` });
const env = (variables: Record<string, string>): Situation => ({ env: variables });

describe('the debug server stays closed, with one message', () => {
  test.each<[string, Situation]>([
    ['the token is short', env({ HEAPRAY_DEBUG_TOKEN: 'short' })],
    ['the token is empty', env({ HEAPRAY_DEBUG_TOKEN: '' })],
    ['the token is blank', env({ HEAPRAY_DEBUG_TOKEN: '  ' })],
    ['the token is long', env({ HEAPRAY_DEBUG_TOKEN: 'x'.repeat(257) })],
    ['the token has a blank', env({ HEAPRAY_DEBUG_TOKEN: 'two words of it' })],
    ['the token of the file is short', inFile('debug_token = short')],
    ['the token of the file is empty', inFile('debug_token =')],
    ['the token of the file has a %', inFile('debug_token = correct%horse')],
    ['code gives the address', { code: REGISTER, ...env({ HEAPRAY_DEBUG_TOKEN: 'short' }) }],
    ['a variable gives the address', env({ HEAPRAY_DEBUG_ADDR: '[::1]:1', HEAPRAY_DEBUG_TOKEN: 'short' })],
    ['snapshots are allowed', env({ HEAPRAY_HEAP_SNAPSHOTS: 'true', HEAPRAY_DEBUG_TOKEN: 'short' })],
    [
      'the file has a token, too',
      {
        ...inFile(`debug_token = ${TOKEN}`),
        env: {
          AIRFLOW_CONFIG: CFG,
          HEAPRAY_DEBUG_TOKEN: 'short',
        },
      },
    ],
    ['the address is a word', env({ HEAPRAY_DEBUG_ADDR: 'none' })],
    ['the address has no host', env({ HEAPRAY_DEBUG_ADDR: ':6464' })],
    ['the address of the file has no port', inFile('debug_addr = localhost')],
    ['the file is missing', env({ HEAPRAY_CONFIG: '/none' })],
    ['the path of the file has no end', env({ HEAPRAY_CONFIG: '$HEAPRAY_CONFIG' })],
    ['the file is no INI', inFile('what')],
    [
      'the file may not be read',
      { ...env({ AIRFLOW_CONFIG: CFG }), files: { [CFG]: systemError('EACCES') } },
    ],
    [
      'the file may not be read, and code gives the address',
      { code: REGISTER, ...env({ AIRFLOW_CONFIG: CFG }), files: { [CFG]: systemError('EACCES') } },
    ],
    ['a key is misspelt', inFile(`debug_tokens = ${TOKEN}`)],
    ['a variable is misspelt', env({ HEAPRAY_TOKEN: TOKEN })],
  ])('when %s', (_, situation) => {
    const { options, sources, lines } = registered(situation);
    expect(options.debugAddress).toBeUndefined();
    expect(sources.debugAddress).toBe('refused');
    expect(lines).toEqual([expect.stringContaining('the debug server is not started')]);
    expect(lines.join()).not.toMatch(/'short'|correct|two words/);
  });
});

describe('the debug server is started', () => {
  const known = { HEAPRAY_DEBUG_TOKEN: TOKEN };

  test.each<[string, Situation, string | undefined]>([
    ['nothing is set', {}, undefined],
    ['the token is right', env(known), TOKEN],
    ['the token is off', env({ HEAPRAY_DEBUG_TOKEN: ' OFF ' }), undefined],
    ['the file of Airflow does not exist', env({ AIRFLOW_CONFIG: '/none' }), undefined],
    ['an unknown variable is no token', env({ HEAPRAY_UNKNOWN: TOKEN }), undefined],
    ['an unknown key is no token', inFile('unknown = 1'), undefined],
    ['a misspelt variable lies beside the token', env({ ...known, HEAPRAY_TOKEN: 'x' }), TOKEN],
    ['a misspelt key lies beside the token', inFile(`debug_token = ${TOKEN}\ndebug_tokens = x`), TOKEN],
    [
      'variables set what a file without an end could have set',
      env({ ...known, HEAPRAY_DEBUG_ADDR: '127.0.0.1:6464', HEAPRAY_CONFIG: '/none' }),
      TOKEN,
    ],
  ])('when %s', (_, situation, token) => {
    const { options } = registered(situation);
    expect(options).toMatchObject({ debugAddress: { host: '127.0.0.1', port: 6464 } });
    expect(options.debugToken).toBe(token);
  });
});

describe('stays off when its value is wrong, whatever the defaults of code are', () => {
  test.each<[OptionName, HeaprayOptions, unknown]>([
    ['heapSnapshots', { heapSnapshots: true }, false],
    ['allowGc', { allowGc: true }, false],
    ['group', { group: true }, false],
    ['memrayLivePort', { memrayLivePort: 4000 }, undefined],
  ])('%s', (option, defaults, off) => {
    const {
      env: [name = ''],
      file: [place],
    } = OPTIONS[option];
    for (const situation of [env({ [name]: 'no' }), inFile(`${place?.key} = no`)]) {
      const { options, sources, lines } = registered({ ...situation, defaults });
      expect(options[option]).toBe(off);
      expect(sources[option]).toBe('refused');
      expect(lines).toEqual([expect.stringMatching(/'no' is not allowed; use .*; it stays off$/)]);
    }
  });
});

test.each([
  { debugToken: 'short' },
  { debugToken: '' },
  { debugToken: null },
  { debugAddress: 'none' },
  { debugAddress: { host: '', port: 6464 } },
  { heapSnapshots: 'yes' },
  { allowGc: 1 },
  { group: 'no' },
  { memrayLivePort: 0 },
])('throws when code gives %o', (code) => {
  expect(refusalOf({ code, defaults: REGISTER }).key).toBe(Object.keys(code)[0]);
});
