import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AIRFLOW_COMPONENTS, ConfigError, type ResolvedConfig } from '../../src/config/index.js';
import { OPTION_NAMES, OPTIONS } from '../../src/config/table/options.js';
import { strip } from '../../src/config/table/text.js';
import { configOf, type Situation } from './support.js';

const LIST = 'AIRFLOW__PROFILING__MEMRAY_TRACE_COMPONENTS';
const ONE_LINE = /^[^\n\r\u2028\u2029]*$/;

const wild = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(
    '',
    ' ',
    'off',
    'true',
    '1',
    '0.1',
    '/x',
    '~',
    '~x',
    '$A',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's form is meant.
    '${B}',
    '$A$B',
    'api,scheduler',
    '[::1]:1',
  ),
);
const variables = fc.constantFrom(
  ...OPTION_NAMES.flatMap((name) => OPTIONS[name].env),
  'AIRFLOW_HOME',
  'HOME',
  'HEAPRAY_X',
  'A',
  'B',
);
const line = fc.oneof(
  fc.constantFrom('[heapray]', '[profiling]', '[DEFAULT]', '[core]', '', '# x', '  x'),
  fc
    .tuple(fc.constantFrom(...OPTION_NAMES.flatMap((name) => OPTIONS[name].file)), wild)
    .map(([{ key }, value]) => `${key} = ${value}`),
  wild,
);
const situations: fc.Arbitrary<Situation> = fc.record({
  env: fc.dictionary(variables, wild, { maxKeys: 6 }),
  files: fc
    .array(line, { maxLength: 8 })
    .map((lines) => lines.join('\n'))
    .map((text) => ({ '/x/airflow.cfg': text, '/x': text, '/shop/airflow.cfg': text })),
  code: fc.dictionary(fc.constantFrom(...OPTION_NAMES), fc.anything({ withBigInt: true }), { maxKeys: 2 }),
  declaredComponents: fc.array(wild, { maxLength: 2 }),
  mainScript: fc.option(wild, { nil: undefined }),
});

function attempt(situation: Situation): ResolvedConfig | ConfigError {
  try {
    return configOf(situation);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
}

test('any input gives a configuration with one-line warnings, or a ConfigError of one line', () => {
  const check = (situation: Situation): void => {
    const result = attempt(situation);
    if (result instanceof ConfigError) {
      expect(result.message).toMatch(ONE_LINE);
      return;
    }
    for (const warning of result.warnings) expect(warning).toMatch(ONE_LINE);
    expect(Object.keys(result.sources).sort()).toEqual([...OPTION_NAMES].sort());
    expect(Object.keys(result.options).sort()).toEqual([...OPTION_NAMES].sort());
    expect(result.options.component).toMatch(/^[^/\\,]{1,80}$/s);
  };
  fc.assert(fc.property(situations, check), { seed: 21, numRuns: 5000 });
});

test('every item of a list is kept or has exactly one warning', () => {
  const item = fc.oneof(
    fc.constantFrom(...AIRFLOW_COMPONENTS, '', ' ', 'API'),
    fc.string({ unit: 'binary' }),
  );
  const lists = fc
    .array(item, { minLength: 1, maxLength: 12 })
    .filter((items) => !/[$~,]/.test(items.join('')));
  const check = (items: string[]): void => {
    const text = items.join(',');
    const { components, warnings } = configOf({ env: { [LIST]: text } });
    const names = [...AIRFLOW_COMPONENTS, 'server'];
    expect(components).toEqual(items.map(strip).filter((one) => names.includes(one)));
    expect(components.length + warnings.length).toBe(text === '' ? 0 : items.length);
  };
  fc.assert(fc.property(lists, check), { seed: 22, numRuns: 3000 });
});

test('reads back a file of valid numbers', () => {
  const spec = {
    sampling_interval: fc.integer({ min: 1, max: 2 ** 30 }),
    max_captures: fc.integer({ min: 1, max: 1000 }),
  };
  const check = ({
    sampling_interval,
    max_captures,
  }: {
    sampling_interval: number;
    max_captures: number;
  }): void => {
    const cfg = `[heapray]\nsampling_interval: ${sampling_interval}\nmax_captures=${max_captures}\n`;
    expect(configOf({ cfg }).options).toMatchObject({
      samplingInterval: sampling_interval,
      maxCaptures: max_captures,
    });
  };
  fc.assert(fc.property(fc.record(spec), check), { seed: 23, numRuns: 300 });
});
