// A table of over 400 lines: one row of values for each option.
import type { OptionName } from '../../src/config/index.js';

/** Texts with their values, texts that are refused, and the same for code. */
export interface Row {
  readonly option: OptionName;
  readonly texts: readonly (readonly [string, unknown])[];
  readonly badTexts: readonly string[];
  readonly code: readonly (readonly [unknown, unknown])[];
  readonly badCode: readonly unknown[];
}

const same = (...values: unknown[]) => values.map((value) => [value, value] as const);

const interval = {
  texts: [
    ['1', 1],
    [' 4096\t', 4096],
    ['007', 7],
    ['1073741824', 2 ** 30],
  ],
  badTexts: [
    '0',
    '-1',
    '0.5',
    '1e3',
    '0x10',
    '1_000',
    '+5',
    '64KiB',
    '1073741825',
    '9'.repeat(400),
    'NaN',
    '１',
  ],
  code: same(1, 524_288, 2 ** 30),
  badCode: [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 30 + 1, '1', 1n, null, [1], {}, true],
} as const;

const count = {
  texts: [
    ['1', 1],
    ['1000', 1000],
  ],
  badTexts: ['0', '1001', 'many'],
  code: same(1, 1000),
  badCode: [0, 1001, 1.5, '5'],
} as const;

export const rows: readonly Row[] = [
  {
    option: 'enabled',
    texts: [
      ['true', true],
      [' T ', true],
      ['1', true],
      ['FALSE', false],
      ['f', false],
      ['0 # off', false],
      [' Off', false],
      ['on', true],
    ],
    badTexts: ['yes', 'no', 'disabled', '2', '#'],
    code: same(true, false),
    badCode: ['true', 1, null, Symbol('true')],
  },
  { option: 'samplingInterval', ...interval },
  { option: 'tracedSamplingInterval', ...interval },
  {
    option: 'component',
    texts: [
      ['checkout', 'checkout'],
      [' my app ', 'my app'],
      ['$HOME', '$HOME'],
      ['@shop', '@shop'],
      ['x'.repeat(80), 'x'.repeat(80)],
    ],
    badTexts: [' ', 'a/b', '../x', 'a\\b', 'a,b', 'a\nb', 'a\u0000', 'a\u2028b', 'x'.repeat(81)],
    code: [
      ['checkout', 'checkout'],
      [' x ', 'x'],
    ],
    badCode: ['', 'a/b', 7, null, ['a']],
  },
  {
    option: 'accurateStacks',
    texts: [
      ['True', true],
      ['0', false],
    ],
    badTexts: ['yes', 'on', '2'],
    code: same(true, false),
    badCode: ['true', 1, null],
  },
  {
    option: 'detailedTracing',
    texts: [
      ['True', true],
      ['0', false],
    ],
    badTexts: ['', ' ', 'yes', 'on', 'None'],
    code: same(true, false),
    badCode: ['true', 0],
  },
  {
    option: 'exactOverload',
    texts: [
      ['wait', 'wait'],
      [' Lose ', 'lose'],
    ],
    badTexts: ['slow', 'true', 'wait,lose'],
    code: same('wait', 'lose'),
    badCode: ['WAIT', true, 1],
  },
  {
    option: 'home',
    texts: [
      ['/x', '/x'],
      ['/x/../y/', '/y'],
      ['x', '/shop/x'],
      ['~', '/home/me'],
      ['~daemon/d', '/usr/sbin/d'],
      ['$NOBODY/d', '/shop/$NOBODY/d'],
      [' x', '/shop/ x'],
    ],
    badTexts: ['a\u0000b'],
    code: [
      ['/x', '/x'],
      ['~/x', '/home/me/x'],
      ['.', '/shop'],
    ],
    badCode: ['', 7, null, ['/x']],
  },
  {
    option: 'memrayFormat',
    texts: [
      ['13', 13],
      ['12', 12],
      [' 11 ', 11],
    ],
    badTexts: ['10', '14', '13.0', 'v13'],
    code: same(13, 12, 11),
    badCode: [10, '13', 13.5, null],
  },
  {
    option: 'memrayLivePort',
    texts: [
      ['1', 1],
      [' 65535 ', 65_535],
      ['off', undefined],
      ['OFF', undefined],
      ['', undefined],
    ],
    badTexts: ['0', '65536', '-1', '1.5', '127.0.0.1:7777', 'on'],
    code: [
      [1, 1],
      [65_535, 65_535],
      ['off', undefined],
    ],
    badCode: [0, 65_536, 1.5, '7777', null, true],
  },
  {
    option: 'maxCaptureBytes',
    texts: [
      ['65536', 65_536],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ],
    badTexts: ['65535', '9007199254740992', '1GiB'],
    code: same(65_536, 2 ** 40),
    badCode: [65_535, 2 ** 53, '1'],
  },
  {
    option: 'captureOverflow',
    texts: [
      ['rotate', 'rotate'],
      [' Aggregate ', 'aggregate'],
    ],
    badTexts: ['stop', 'both', 'rotate,aggregate'],
    code: same('rotate', 'aggregate'),
    badCode: ['Rotate', 1, null, true],
  },
  {
    option: 'aggregateCaptures',
    texts: [
      ['True', true],
      ['0', false],
    ],
    badTexts: ['yes', 'rotate'],
    code: same(true, false),
    badCode: ['true', 1, null],
  },
  {
    option: 'captureScope',
    texts: [
      ['auto', 'auto'],
      [' Component ', 'component'],
      ['PROCESS', 'process'],
    ],
    badTexts: ['thread', 'off', 'component,process'],
    code: same('auto', 'component', 'process'),
    badCode: ['Process', 1, null, true],
  },
  {
    option: 'memrayCompress',
    texts: [
      ['True', true],
      ['0', false],
    ],
    badTexts: ['yes', 'lz4'],
    code: same(true, false),
    badCode: ['true', 1, null],
  },
  { option: 'maxCaptures', ...count },
  {
    option: 'oomProfile',
    texts: [
      ['off', 'off'],
      [' ON ', 'on'],
      ['false', 'off'],
      ['1', 'on'],
    ],
    badTexts: ['yes', 'no', '2'],
    code: [
      [false, 'off'],
      [true, 'on'],
      ['off', 'off'],
    ],
    badCode: ['false', 0, null, ['off']],
  },
  {
    option: 'captureOn',
    texts: [
      ['leak', ['leak']],
      [' limit , LEAK', ['limit', 'leak']],
      ['leak,leak', ['leak']],
      ['off', []],
      ['', []],
    ],
    badTexts: ['leaks', 'leak,', 'leak limit', 'true', 'leak,off'],
    code: [
      [['limit'], ['limit']],
      [[], []],
      ['off', []],
      ['leak,limit', ['leak', 'limit']],
    ],
    badCode: [['x'], true, null, [1], {}, 7],
  },
  { option: 'maxCallSites', ...count },
  {
    option: 'workers',
    texts: [
      ['true', true],
      ['f', false],
      ['off', false],
    ],
    badTexts: ['yes', '2'],
    code: same(true, false),
    badCode: ['true', 1, null],
  },
  {
    option: 'maxLiveSamples',
    texts: [
      ['1000', 1000],
      ['10000000', 10_000_000],
    ],
    badTexts: ['999', '10000001', '1e4', 'all'],
    code: same(1000, 20_000),
    badCode: [999, 1000.5, '2000'],
  },
  {
    option: 'groupBy',
    texts: [
      ['package', 'package'],
      [' File ', 'file'],
    ],
    badTexts: ['packages', 'function,file', 'all'],
    code: same('function', 'file', 'package', 'component'),
    badCode: ['Function', 1, null, ['file']],
  },
  {
    option: 'offHeap',
    texts: [
      ['buffers', 'buffers'],
      [' ALL ', 'all'],
      ['off', 'off'],
      ['true', 'buffers'],
      ['0', 'off'],
    ],
    badTexts: ['on', 'buffer', 'off,all'],
    code: [
      [true, 'buffers'],
      [false, 'off'],
      ['off', 'off'],
      ['buffers', 'buffers'],
      ['all', 'all'],
    ],
    badCode: ['true', 1, null, ['all']],
  },
  {
    option: 'retentionAges',
    texts: [
      ['true', true],
      ['0', false],
    ],
    badTexts: ['yes'],
    code: same(true, false),
    badCode: ['true'],
  },
  {
    option: 'semconvMetrics',
    texts: [
      ['true', true],
      ['0', false],
    ],
    badTexts: ['yes'],
    code: same(true, false),
    badCode: ['true'],
  },
  {
    option: 'cpuBudget',
    texts: [
      ['0.0001', 0.0001],
      ['.5', 0.5],
      ['5e-3', 0.005],
      ['1.E-1', 0.1],
      [' 0.02 ', 0.02],
    ],
    badTexts: ['0', '0.00009', '0.51', '1', '-0.1', '5%', '.', 'e1', '0,1', 'Infinity', '0x1p-3'],
    code: same(0.0001, 0.005, 0.5),
    badCode: [0, 0.51, -0.1, Number.NaN, '0.1', null],
  },
  {
    option: 'leakWindowSeconds',
    texts: [
      ['1', 1],
      ['3600', 3600],
    ],
    badTexts: ['0', '3601', '1.5', '60s'],
    code: same(1, 60, 3600),
    badCode: [0, 3601, 0.5, '60'],
  },
  {
    option: 'allowGc',
    texts: [
      ['true', true],
      ['0', false],
    ],
    badTexts: ['on', '2'],
    code: same(true, false),
    badCode: ['true', 1, null],
  },
  {
    option: 'heapSnapshots',
    texts: [
      ['true', true],
      ['f', false],
    ],
    badTexts: ['on', 'yes'],
    code: same(true, false),
    badCode: ['true', 1, null],
  },
  {
    option: 'group',
    texts: [
      ['off', false],
      [' ON ', true],
      ['false # one port each', false],
      ['1', true],
    ],
    badTexts: ['no', '2'],
    code: same(true, false),
    badCode: ['off', 1, null],
  },
  {
    option: 'debugAddress',
    texts: [
      ['127.0.0.1:6464', { host: '127.0.0.1', port: 6464 }],
      [' localhost:0 ', { host: 'localhost', port: 0 }],
      ['[::1]:6464', { host: '::1', port: 6464 }],
      ['[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
      ['my-host_1.example:65535', { host: 'my-host_1.example', port: 65_535 }],
      ['off', undefined],
      ['OFF', undefined],
      ['', undefined],
      [' ', undefined],
    ],
    badTexts: [
      '6464',
      ':6464',
      'localhost',
      'localhost:',
      '::1:6464',
      '[::1]',
      '[x]:1',
      '[127.0.0.1]:1',
      'h:65536',
      'h:-1',
      'h:1.5',
      'http://h:1',
      'h:1/x',
      'a b:1',
      'on',
    ],
    code: [
      ['[::1]:1', { host: '::1', port: 1 }],
      ['off', undefined],
      [
        { host: '::1', port: 0 },
        { host: '::1', port: 0 },
      ],
      [
        { host: 'h', port: 65_535 },
        { host: 'h', port: 65_535 },
      ],
    ],
    badCode: [
      null,
      false,
      6464,
      {},
      [],
      { host: '', port: 1 },
      { host: 'a b', port: 1 },
      { host: 'h', port: '1' },
      { host: 'h', port: 65_536 },
      { host: 'h' },
    ],
  },
  {
    option: 'debugToken',
    texts: [
      ['12345678', '12345678'],
      [' $HOME/~#,=! ', '$HOME/~#,=!'],
      ['x'.repeat(256), 'x'.repeat(256)],
      ['off', undefined],
      ['Off', undefined],
    ],
    badTexts: ['', '1234567', 'has blanks in it', 'umlaut-ä-token', 'x'.repeat(257), 'a\u0000bcdefghi'],
    code: [
      ['12345678', '12345678'],
      ['off', undefined],
    ],
    badCode: [null, 12_345_678, true, '', 'short', ['12345678']],
  },
  {
    option: 'profilesExporter',
    texts: [
      ['otlp', ['otlp']],
      [' Pyroscope , otlp,file', ['pyroscope', 'otlp', 'file']],
      ['otlp,otlp', ['otlp']],
      ['off', []],
      ['', []],
    ],
    badTexts: ['grpc', 'otlp;file', 'true', 'otlp,'],
    code: [
      [['file'], ['file']],
      ['otlp,file', ['otlp', 'file']],
      [[], []],
    ],
    badCode: [['x'], true, null, {}],
  },
  {
    option: 'profilesInterval',
    texts: [
      ['1', 1],
      ['3600', 3600],
    ],
    badTexts: ['0', '3601', '60000', '1.5', '1m'],
    code: same(1, 60, 3600),
    badCode: [0, 3601, '60', 0.5],
  },
  {
    option: 'nativeDumps',
    texts: [
      ['/x', '/x'],
      ['~/x', '/home/me/x'],
      ['off', undefined],
      [' OFF', undefined],
    ],
    badTexts: ['a\u0000b'],
    code: [
      ['/x', '/x'],
      ['off', undefined],
    ],
    badCode: ['', 7, null, false],
  },
];
