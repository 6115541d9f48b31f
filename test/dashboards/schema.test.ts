// The dashboards against the types of Grafana's own schema package, by the TypeScript compiler.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FOLDERS } from '../../dashboards/src/files.ts';
import { runCommand } from '../support/run-command.js';
import { tempFolder } from '../support/temp-folder.js';
import { type DashboardJson, type PanelJson, panelsOf } from './support/dashboard-json.js';
import { MADE } from './support/made.js';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Types of the options of panels, by the panel's type: the file that has them, and what it has. */
const PANEL_TYPES = {
  timeseries: ['timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen', 'Options, FieldConfig'],
  stat: ['stat/panelcfg/x/StatPanelCfg_types.gen', 'Options'],
  bargauge: ['bargauge/panelcfg/x/BarGaugePanelCfg_types.gen', 'Options'],
  table: ['table/panelcfg/x/TablePanelCfg_types.gen', 'Options, FieldConfig'],
  statetimeline: ['statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen', 'Options, FieldConfig'],
} as const;

/** The schema's enums as the strings and numbers that JSON has. */
const HEAD = `
import type { Dashboard } from '@grafana/schema';
type Json<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T
  : T extends readonly (infer E)[] ? Json<E>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
${Object.entries(PANEL_TYPES)
  .map(([type, [file, names]]) => {
    const renamed = names.replaceAll(/\w+/g, (name) => `${name} as ${type}${name}`);
    return `import type { ${renamed} } from '@grafana/schema/dist/esm/raw/composable/${file}';`;
  })
  .join('\n')}
`;

/** A value with the name of its type. */
type Typed = readonly [type: string, json: string];

async function check(values: readonly Typed[]): Promise<string> {
  const folder = tempFolder();
  const constants = values.map(([type, json], index) => `export const v${index}: ${type} = ${json};`);
  writeFileSync(path.join(folder, 'check.ts'), `${HEAD}${constants.join('\n')}`);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2023',
    types: [],
    paths: {
      '@grafana/schema': [path.join(MODULES, '@grafana/schema')],
      '@grafana/schema/*': [path.join(MODULES, '@grafana/schema/*')],
    },
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['check.ts'] }));
  const tsc = path.join(MODULES, 'typescript', 'bin', 'tsc');
  const { stdout } = await runCommand(process.execPath, [tsc, '-p', folder]);
  return stdout;
}

/** Returns the options of a panel, which the dashboard's own type leaves open. */
function panelOptions({ type: panelType, options = {}, fieldConfig }: PanelJson): Typed[] {
  const type = panelType.replaceAll('-', '');
  const custom = fieldConfig?.defaults.custom;
  const overrides = (fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties);
  const customOverrides = overrides.flatMap(({ id, value }) => {
    return id.startsWith('custom.') ? [{ [id.slice('custom.'.length)]: value }] : [];
  });
  const ofFields = [...(custom === undefined ? [] : [custom]), ...customOverrides];
  return [
    [`Partial<Json<${type}Options>>`, JSON.stringify(options)],
    ...ofFields.map((one): Typed => [`Partial<Json<${type}FieldConfig>>`, JSON.stringify(one)]),
  ];
}

test("the dashboards and the options of all panels have the types of Grafana's schema", async () => {
  const made = [...MADE].filter(([name]) => Object.values(FOLDERS).some((one) => name.startsWith(`${one}/`)));
  expect(made).toHaveLength(8);
  const dashboards = made.map(([, json]): Typed => ['Json<Dashboard>', json]);
  const panels = made.flatMap(([, json]) =>
    panelsOf(JSON.parse(json) as DashboardJson).flatMap(panelOptions),
  );
  expect(panels.length).toBeGreaterThan(100);
  expect(await check([...dashboards, ...panels])).toBe('');
});

test('the check finds a wrong value, a wrong type and an unknown key', async () => {
  const output = await check([
    ['Json<Dashboard>', '{ schemaVersion: 42, templating: { list: [{ name: "x", type: "quiry" }] } }'],
    ['Json<Dashboard>', '{ schemaVersion: "42" }'],
    ['Json<Dashboard>', '{ schemaVersion: 42, pannels: [] }'],
    ['Partial<Json<timeseriesFieldConfig>>', '{ drawStyle: "lines" }'],
    ['Partial<Json<statOptions>>', '{ graphMood: "area" }'],
  ]);
  expect(output).toMatch(/quiry/);
  expect(output).toMatch(/Type 'string' is not assignable to type 'number'/);
  expect(output).toMatch(/pannels.* does not exist/);
  expect(output).toMatch(/"lines\\?"/);
  expect(output).toMatch(/graphMood/);
});
