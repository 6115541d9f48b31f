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

test('it tells of the process it runs in', () => {
  const input = nodeConfigInput();
  expect(input.env).toBe(process.env);
  expect(input.cwd).toBe(process.cwd());
  expect(input.mainScript).toBe(process.argv[1]);
});

test('a file is read; a missing one, and one under a file, is none', () => {
  const file = join(folder, 'airflow.cfg');
  writeFileSync(file, '[profiling]\nmemray_trace_components = api\n');
  expect(resolveFile(file).components).toEqual(['api']);
  expect(resolveFile(join(folder, 'none')).configFile).toBeUndefined();
  expect(resolveFile(join(file, 'airflow.cfg')).configFile).toBeUndefined();
});

test('a folder, bytes that are not UTF-8, and a mark before the first section stop the start', () => {
  const file = join(folder, 'bad.cfg');
  expect(() => resolveFile(folder)).toThrow(ConfigError);
  writeFileSync(file, Buffer.from('5b615d0a62203d20ff0a', 'hex'));
  expect(() => resolveFile(file)).toThrow(ConfigError);
  writeFileSync(file, '\ufeff[a]\n');
  expect(() => resolveFile(file)).toThrow('a line before the first section');
});
