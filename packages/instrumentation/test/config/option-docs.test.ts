import { expect, test } from 'vitest';
import { describeOptions } from '../../src/config/index.js';
import { OPTION_NAMES, OPTIONS } from '../../src/config/table/options.js';
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
