import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { AIRFLOW_COMPONENTS, ConfigError, type ResolvedConfig } from '../../src/config/index.js';
import { quote } from '../../src/config/text.js';
import { configOf } from './support.js';

/** What the real Airflow did; see README.md. */
interface Seen {
  readonly refused?: string;
  readonly home: string;
  readonly config: string;
  readonly components: string[];
  readonly detailed: boolean;
  /** Per dropped item: value, key, section, allowed names. */
  readonly warnings: [string, string, string, string][];
  /** Per traced component: file, native traces, traces of the allocator. */
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

/** The files of a case, and the folders they are in. */
function diskOf(files: Record<string, string>): Record<string, string | Error> {
  const folders = [CWD, ...Object.keys(files).map(dirname)];
  return { ...Object.fromEntries(folders.map((path) => [path, folder])), ...files };
}

/** What heapray makes of a case, or `undefined` when it refuses to start. */
function heapray({ env, files }: Case): ResolvedConfig | undefined {
  try {
    return configOf({ env: { HOME: `${ROOT}/user`, ...env }, files: diskOf(files), cwd: CWD });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return undefined;
  }
}

test('there are cases enough, of both outcomes', () => {
  expect(cases.length).toBeGreaterThan(250);
  expect(cases.filter(({ airflow }) => airflow.refused !== undefined).length).toBeGreaterThan(40);
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

  // With an empty AIRFLOW_HOME, Airflow writes to the root folder; heapray takes it as not set.
  if (one.env.AIRFLOW_HOME === '') return;
  expect(config.home).toBe(resolve(CWD, airflow.home));
  const traced = AIRFLOW_COMPONENTS.filter((name) => config.components.includes(name));
  expect(airflow.traced.map(([path, ...flags]) => [resolve(CWD, path), ...flags])).toEqual(
    traced.map((name) => [`${config.home}/${name}_memory.bin`, config.detailed, config.detailed]),
  );
});
