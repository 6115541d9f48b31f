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
const withToken = (above: string): Situation => ({ cfg: `${above}debug_token = ${TOKEN}\n` });
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
    ['a variable has small letters', env({ heapray_debug_token: TOKEN })],
    ['the variable of the address is misspelt', env({ HEAPRAY_DEBUG_ADDRESS: 'off' })],
    ['a variable is called by the former name of the address', env({ HEAPRAY_DEBUG_SERVER: 'off' })],
    ['the key of the address is misspelt', inFile('debug_adr = off')],
    ['the section has a capital', withToken('[Heapray]\n')],
    ['the section has a blank', withToken('[heapray ]\n')],
    ['the misspelt section lies beside the right one', { cfg: '[heapray]\n[HEAPRAY]\ndebug_addr = off\n' }],
    [
      'the misspelt section is in a file of heapray',
      { ...env({ HEAPRAY_CONFIG: CFG }), ...withToken('[Heapray]\n') },
    ],
    ['the token is in a section of Airflow', withToken('[profiling]\n')],
    [
      'the token is in a section of Airflow beside heapray',
      withToken('[heapray]\nworkers = f\n[profiling]\n'),
    ],
    ['the misspelt token is in a section of Airflow', { cfg: `[profiling]\nDebug-Tokens = ${TOKEN}\n` }],
    ['the token is in [DEFAULT], and there is no [heapray]', withToken('[DEFAULT]\n')],
    ['the misspelt token is in [DEFAULT]', { cfg: `[DEFAULT]\ndebug_tokens = ${TOKEN}\n[heapray]\n` }],
    ['the name of the section is misspelt', withToken('[heaprays]\n')],
    ['the token is indented below another section', withToken('[core]\nx = 1\n  [heapray]\n  ')],
    ['the address is in a section of Airflow', { cfg: '[profiling]\ndebug_addr = off\n' }],
  ])('when %s', (_, situation) => {
    const { options, sources, lines } = registered(situation);
    expect(options.debugAddress).toBeUndefined();
    expect(sources.debugAddress).toBe('refused');
    expect(lines).toEqual([expect.stringContaining('the debug server is not started')]);
    expect(lines.join()).not.toMatch(/'short'|correct|two words/);
  });
});

test('a key outside of [heapray] is named with its section and file', () => {
  expect(registered(withToken('[profiling]\n')).lines).toEqual([
    `debug_token below [profiling] in ${CFG} is ignored because it is not in [heapray]; it may be meant as debugToken: the debug server is not started unless that is set`,
  ]);
  expect(registered(withToken('[Heapray]\n')).lines).toEqual([
    expect.stringContaining(`${CFG}: '[Heapray]' is not allowed; use [heapray]; it is ignored`),
  ]);
});

test('a value of several lines is not in a message, because the lines below may be the token', () => {
  const { options, lines } = registered(withToken('[heapray]\nworkers = true\n  '));
  expect(options.debugAddress).toBeUndefined();
  const listed = registered(withToken('[heapray]\ntrace_components = a\n  '));
  expect(listed.options.debugAddress).toBeUndefined();
  expect(listed.lines.join()).not.toContain(TOKEN);
  expect(lines.join()).not.toContain(TOKEN);
  expect(lines).toEqual([
    expect.stringMatching(/workers in .*: '\(several lines\)' is not allowed/),
    expect.stringContaining(`debug_token below [heapray] in ${CFG} is ignored because it is indented`),
  ]);
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
      'others have tokens',
      { cfg: '[DEFAULT]\nx_token = 1\n[webserver]\nauth_token = x\ndebug = true\n' },
      undefined,
    ],
    ['[DEFAULT] has the token', withToken('[heapray]\n[DEFAULT]\n'), TOKEN],
    ['others have a token, too', { cfg: `[heapray]\ndebug_token = ${TOKEN}\n[x]\ndebug_token = x\n` }, TOKEN],
    [
      'a service of Kubernetes has the name of a setting',
      env({ HEAPRAY_DEBUG_PORT: 'tcp://10.0.0.1:80', HEAPRAY_DEBUG_PORT_80_TCP_ADDR: '10.0.0.1' }),
      undefined,
    ],
    [
      'variables set what a misspelt section could have set',
      {
        ...withToken('[Heapray]\n'),
        env: { ...known, HEAPRAY_DEBUG_ADDR: '127.0.0.1:6464', AIRFLOW_CONFIG: CFG },
      },
      TOKEN,
    ],
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

describe('is off when its value is wrong, whatever the defaults of code are', () => {
  test.each<[OptionName, HeaprayOptions, unknown, string]>([
    ['heapSnapshots', { heapSnapshots: true }, false, 'it stays off'],
    ['allowGc', { allowGc: true }, false, 'it stays off'],
    ['group', { group: true }, false, 'this process shares no port'],
    ['memrayLivePort', { memrayLivePort: 4000 }, undefined, 'it stays off'],
  ])('%s', (option, defaults, off, effect) => {
    const {
      env: [name = ''],
      file: [place],
    } = OPTIONS[option];
    for (const situation of [env({ [name]: 'no' }), inFile(`${place?.key} = no`)]) {
      const { options, sources, lines } = registered({ ...situation, defaults });
      expect(options[option]).toBe(off);
      expect(sources[option]).toBe('refused');
      expect(lines).toEqual([expect.stringMatching(new RegExp(`'no' is not allowed; use .*; ${effect}$`))]);
    }
  });
});

test('profiling continues when a file cannot be read, although it may switch heapray off', () => {
  expect(registered(env({ HEAPRAY_CONFIG: '/none' })).options.enabled).toBe(true);
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
