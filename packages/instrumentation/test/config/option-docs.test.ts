import { expect, test } from 'vitest';
import { describeOptions, optionsMarkdown } from '../../src/config/index.js';
import { OPTION_NAMES, OPTIONS } from '../../src/config/options.js';
import { configOf } from './support.js';

test('the docs have every option of the table, once and in its order', () => {
  expect(describeOptions().map(({ name }) => name)).toEqual(OPTION_NAMES);
  expect(Object.keys(configOf().options)).toEqual(OPTION_NAMES);
});

test('no name of a variable or of a key is used by two options', () => {
  const docs = describeOptions();
  for (const names of [docs.flatMap(({ env }) => env), docs.flatMap(({ file }) => file)]) {
    expect(new Set(names).size).toBe(names.length);
  }
});

test("heapray's variables and keys are spelled alike", () => {
  for (const { env, file } of Object.values(OPTIONS)) {
    const own = env.filter((name) => name.startsWith('HEAPRAY_')).map((name) => name.slice(8).toLowerCase());
    const keys = file.filter(({ section }) => section === 'heapray').map(({ key }) => key);
    if (keys.length > 0) expect(keys).toEqual(own);
  }
});

test('formats a row of the Markdown table', () => {
  const lines = optionsMarkdown().split('\n');
  expect(lines).toHaveLength(OPTION_NAMES.length + 3);
  expect(lines[3]).toBe(
    '| `samplingInterval` | `HEAPRAY_SAMPLING_INTERVAL` | `[heapray] sampling_interval` | ' +
      'an integer from 1 to 1073741824 (bytes) | 65536; up to 524288 for large heaps and busy programs | Mean number of allocated bytes between two samples. |',
  );
  for (const line of lines.slice(0, -1)) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(8);
});
