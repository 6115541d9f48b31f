import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError, nodeConfigInput, resolveConfig } from '../../src/config/index.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heapray-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const resolveFile = (path: string) => resolveConfig({ ...nodeConfigInput(), env: { AIRFLOW_CONFIG: path } });

test('describes the present process', () => {
  const input = nodeConfigInput();
  expect(input.env).toBe(process.env);
  expect(input.cwd).toBe(process.cwd());
  expect(input.mainScript).toBe(process.argv[1]);
});

test('reads a file; returns nothing for a missing one, or for a path below a file', () => {
  const file = join(folder, 'airflow.cfg');
  writeFileSync(file, '[profiling]\nmemray_trace_components = api\n');
  expect(resolveFile(file).components).toEqual(['api']);
  expect(resolveFile(join(folder, 'none')).configFile).toBeUndefined();
  expect(resolveFile(join(file, 'airflow.cfg')).configFile).toBeUndefined();
});

test('refuses a folder, bytes that are not UTF-8, and a mark before the first section', () => {
  const file = join(folder, 'bad.cfg');
  expect(() => resolveFile(folder)).toThrow(ConfigError);
  writeFileSync(file, Buffer.from('5b615d0a62203d20ff0a', 'hex'));
  expect(() => resolveFile(file)).toThrow(ConfigError);
  writeFileSync(file, '\ufeff[a]\n');
  expect(() => resolveFile(file)).toThrow('a line before the first section');
});
