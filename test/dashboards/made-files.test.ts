import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FOLDERS } from '../../dashboards/src/files.ts';
import { labelName, NAME_FORMS, type NameForm } from '../../dashboards/src/metric-names.ts';
import * as semconv from '../../packages/instrumentation/src/protocol/semconv.js';
import { type DashboardJson, expressionsOf, panelsOf } from './support/dashboard-json.js';
import { DEFINITIONS, MADE, namesOf, rulesIn } from './support/made.js';

const REPOSITORY = new URL('../../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, REPOSITORY), 'utf8');

/** Labels that no attribute of heapray's own is the source of. */
const OTHER_LABELS = ['job', 'instance', 'le', 'severity', 'service_version', 'v8js_gc_type'];
/** Attributes of `heapray watch`, which has them in its own sources. */
const WATCH_ATTRIBUTES = [
  'heapray.process.id',
  'heapray.process.role',
  'heapray.capture.state',
  'heapray.hint',
];

test.each([...MADE])('dashboards/%s is up to date; else run `npm run dashboards`', (name, content) => {
  expect(read(`dashboards/${name}`)).toBe(content);
});

function dashboardsOf(form: NameForm): (readonly [string, DashboardJson])[] {
  const made = [...MADE].filter(([name]) => name.startsWith(`${FOLDERS[form]}/`));
  return made.map(([name, content]) => [name, JSON.parse(content) as DashboardJson]);
}

test('there are four dashboards in each form, under eight different names', () => {
  const all = NAME_FORMS.map(dashboardsOf);
  expect(all.map((some) => some.length)).toEqual([4, 4]);
  expect(new Set(all.flat().map(([, { uid }]) => uid)).size).toBe(8);
});

test.each(NAME_FORMS.flatMap(dashboardsOf))(
  '%s: each panel says what it shows, in a unit',
  (_, dashboard) => {
    expect(dashboard.schemaVersion).toBe(42);
    const panels = panelsOf(dashboard);
    expect(panels.length).toBeGreaterThan(6);
    for (const { title = '', description = '', type, fieldConfig, targets = [], datasource } of panels) {
      expect(title).toMatch(/^[A-Z].{3,}$/);
      expect(description, title).toMatch(/^["A-Z].{20,}\.$/);
      if (type === 'timeseries') expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(targets.length, title).toBeGreaterThan(0);
      expect(datasource, title).toEqual({
        type: 'prometheus',
        uid: expect.stringMatching(/^\$\{datasource\}$/),
      });
    }
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  },
);

test.each(NAME_FORMS.flatMap(dashboardsOf))(
  '%s: figures of the present ask for the present, not for the last value in the time range',
  (_, dashboard) => {
    for (const { title, type, targets = [], options } of panelsOf(dashboard)) {
      const hasSparkline = (options as { graphMode?: string } | undefined)?.graphMode === 'area';
      const isPresent = type === 'table' || type === 'bargauge' || (type === 'stat' && !hasSparkline);
      for (const { instant = false } of targets) expect(instant, title).toBe(isPresent);
    }
  },
);

test.each(NAME_FORMS.flatMap(dashboardsOf))('%s: no two panels overlap', (_, dashboard) => {
  const cells = panelsOf(dashboard).flatMap(({ gridPos: { x, y, w, h } = { x: 0, y: 0, w: 0, h: 0 } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_cell, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

test.each(NAME_FORMS)('each metric of heapray is in a dashboard (%s)', (form) => {
  const text = dashboardsOf(form)
    .flatMap(([, dashboard]) => expressionsOf(dashboard).map(({ expr }) => expr))
    .join('\n');
  const names = namesOf(form);
  const missing = DEFINITIONS.filter(({ name, kind }) => {
    const shown = names.of(name, kind === 'histogram' ? 'sum' : undefined);
    return !new RegExp(`\\b${shown}\\b`).test(text);
  });
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test.each(NAME_FORMS)('expressions and legends have only metrics and labels that exist (%s)', (form) => {
  const names = namesOf(form);
  const metrics = DEFINITIONS.flatMap(({ name, kind }) =>
    kind === 'histogram'
      ? (['bucket', 'sum', 'count'] as const).map((part) => names.of(name, part))
      : [names.of(name)],
  );
  const attributes = Object.entries(semconv).flatMap(([key, name]) =>
    key.startsWith('ATTR_') ? [name] : [],
  );
  const labels = [...attributes, ...WATCH_ATTRIBUTES].map(labelName);
  const known = new Set([...metrics, ...labels, ...OTHER_LABELS]);
  const { recording, alerts } = rulesIn(form);
  const texts = [
    ...dashboardsOf(form).flatMap(([, dashboard]) => JSON.stringify(dashboard)),
    ...recording.map(({ expr }) => expr),
    ...alerts.flatMap(({ expr, summary, description }) => [expr, summary, description]),
  ];
  const used = texts.flatMap((text) => text.match(/\b(?:heapray|code|v8js)_\w+/g) ?? []);
  expect(used.length).toBeGreaterThan(300);
  expect([...new Set(used)].filter((name) => !known.has(name))).toEqual([]);
});

test('the attributes of `heapray watch` have the names that this test knows', () => {
  const source = read('packages/cli/src/watch/metrics/capture-metrics.ts');
  for (const name of WATCH_ATTRIBUTES) expect(source).toContain(`'${name}'`);
});

test('each alert has a section in the runbook, which begins with a command', () => {
  const runbook = read('docs/runbook.md');
  const sections = new Map(
    runbook.split(/^## /m).map((section) => [section.split('\n')[0] ?? '', section] as const),
  );
  for (const { alert } of rulesIn('scraped').alerts) {
    expect(sections.get(alert), alert).toMatch(
      /^\w+\n\n```sh\n.+\n```\n\n\*\*What it means\.\*\* [\s\S]+\*\*What to do\.\*\*/,
    );
  }
});

test('the docs have each alert, with its severity, and each dashboard', () => {
  const page = read('docs/prometheus-and-grafana.md');
  for (const { alert, severity } of rulesIn('scraped').alerts) {
    const row = new RegExp(
      `^\\| \\[${alert}\\]\\(runbook\\.md#${alert.toLowerCase()}\\) \\| .* \\| ${severity} \\|$`,
      'm',
    );
    expect(page).toMatch(row);
  }
  for (const [, { title }] of dashboardsOf('scraped')) {
    expect(page).toContain(`| *${title.replace('heapray: ', '')}* |`);
  }
});
