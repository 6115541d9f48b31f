// The dashboards against the types of Grafana's own schema package, by the TypeScript compiler.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FOLDERS } from '../../dashboards/src/files.ts';
import { runCommand } from '../support/run-command.js';
import { tempFolder } from '../support/temp-folder.js';
import { MADE } from './support/made.js';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** The schema's enums as the strings and numbers that JSON has. */
const HEAD = `
import type { Dashboard } from '@grafana/schema';
type Json<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T
  : T extends readonly (infer E)[] ? Json<E>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
`;

async function check(dashboards: readonly (readonly [string, string])[]): Promise<string> {
  const folder = tempFolder();
  const constants = dashboards.map(([name, json]) => `export const ${name}: Json<Dashboard> = ${json};`);
  writeFileSync(path.join(folder, 'check.ts'), `${HEAD}${constants.join('\n')}`);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2023',
    types: [],
    paths: { '@grafana/schema': [path.join(MODULES, '@grafana/schema')] },
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['check.ts'] }));
  const tsc = path.join(MODULES, 'typescript', 'bin', 'tsc');
  const { stdout } = await runCommand(process.execPath, [tsc, '-p', folder]);
  return stdout;
}

test("the dashboards have the types of Grafana's schema", async () => {
  const made = [...MADE].filter(
    ([name]) => name.startsWith(`${FOLDERS.scraped}/`) || name.startsWith(`${FOLDERS.otlp}/`),
  );
  expect(made).toHaveLength(8);
  const dashboards = made.map(([name, json]) => [name.replaceAll(/\W/g, '_'), json] as const);
  expect(await check(dashboards)).toBe('');
});

test('the check finds a wrong value, a wrong type and an unknown key', async () => {
  const faults = {
    value: { schemaVersion: 42, templating: { list: [{ name: 'x', type: 'quiry' }] } },
    type: { schemaVersion: '42' },
    key: { schemaVersion: 42, pannels: [] },
  };
  const output = await check(Object.entries(faults).map(([name, fault]) => [name, JSON.stringify(fault)]));
  expect(output).toMatch(/quiry/);
  expect(output).toMatch(/Type 'string' is not assignable to type 'number'/);
  expect(output).toMatch(/pannels.* does not exist/);
});
