import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { AIRFLOW_COMPONENTS, ConfigError, type ResolvedConfig } from '../../src/config/index.js';
import { quote } from '../../src/config/table/text.js';
import { configOf } from './support.js';

/** Results of the real Airflow; see README.md. */
interface Seen {
  readonly refused?: string;
  readonly home: string;
  readonly config: string;
  readonly components: string[];
  readonly detailed: boolean;
  /** Value, key, section and allowed names of each dropped item. */
  readonly warnings: [string, string, string, string][];
  /** File, native traces and allocator traces of each traced component. */
  readonly traced: [string, boolean, boolean][];
}

interface Case {
  readonly name: string;
  readonly env: Record<string, string>;
  readonly files: Record<string, string>;
  readonly airflow: Seen;
}

const ROOT = '/case';
const CWD = `${ROOT}/cwd`;
const text = readFileSync(new URL('airflow-cases.json', import.meta.url), 'utf8');
const cases = JSON.parse(text.replaceAll('{root}', ROOT)) as Case[];

const folder = Object.assign(new Error('EISDIR'), { code: 'EISDIR' });

/** Returns the files of a case, and their folders. */
function diskOf(files: Record<string, string>): Record<string, string | Error> {
  const folders = [CWD, ...Object.keys(files).map(dirname)];
  return { ...Object.fromEntries(folders.map((path) => [path, folder])), ...files };
}

/** Resolves a case; `undefined` if heapray refuses to start. */
function heapray({ env, files }: Case): ResolvedConfig | undefined {
  try {
    return configOf({ env: { HOME: `${ROOT}/user`, ...env }, files: diskOf(files), cwd: CWD });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return undefined;
  }
}

test('there are enough cases of both outcomes', () => {
  expect(cases.length).toBeGreaterThan(100);
  expect(cases.filter(({ airflow }) => airflow.refused !== undefined).length).toBeGreaterThan(20);
});

test.each(cases)('$name', (one) => {
  const config = heapray(one);
  const { airflow } = one;
  expect(config === undefined).toBe(airflow.refused !== undefined);
  if (config === undefined) return;

  expect(config.components).toEqual(airflow.components);
  expect(config.detailed).toBe(airflow.detailed);
  expect(config.warnings).toHaveLength(airflow.warnings.length);
  for (const [index, [value, key, section, allowed]] of airflow.warnings.entries()) {
    const warning = config.warnings[index];
    for (const part of [quote(value), key, `[${section}]`, allowed]) expect(warning).toContain(part);
  }
  const file = resolve(CWD, airflow.config);
  expect(config.configFile).toBe(file in one.files ? file : undefined);

  // With an empty AIRFLOW_HOME, Airflow writes to the root folder; heapray treats it as not set.
  if (one.env.AIRFLOW_HOME === '') return;
  expect(config.home).toBe(resolve(CWD, airflow.home));
  const traced = AIRFLOW_COMPONENTS.filter((name) => config.components.includes(name));
  expect(airflow.traced.map(([path, ...flags]) => [resolve(CWD, path), ...flags])).toEqual(
    traced.map((name) => [`${config.home}/${name}_memory.bin`, config.detailed, config.detailed]),
  );
});
