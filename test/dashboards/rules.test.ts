// The rules in a real promtool: each alert fires when it should, with its texts, and not when it should not.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { RULE_FILES } from '../../dashboards/src/files.ts';
import { NAME_FORMS, type NameForm } from '../../dashboards/src/metric-names.ts';
import { describeWithPeer } from '../support/peer-test.js';
import { promtool } from '../support/peers.js';
import { runCommand } from '../support/run-command.js';
import { tempFolder } from '../support/temp-folder.js';
import { ALERT_CASES } from './support/alert-cases.js';
import { MADE, namesOf, rulesIn } from './support/made.js';

const DASHBOARDS = new URL('../../dashboards/', import.meta.url);
const RUNBOOK = 'https://github.com/heapray/heapray/blob/main/docs/runbook.md';

describeWithPeer('promtool', 'promtool', () => {
  test.each(NAME_FORMS)('accepts the rules (%s)', async (form) => {
    const result = await runCommand(promtool(), ['check', 'rules', ruleFileIn(form)]);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toMatch(/SUCCESS: 19 rules found/);
  });

  test('accepts the example of a configuration', async () => {
    const folder = tempFolder();
    const text = readFileSync(new URL('provisioning/prometheus/prometheus.yml', DASHBOARDS), 'utf8');
    const config = path.join(folder, 'prometheus.yml');
    const [, rules = ''] = /^rule_files:\n {2}- (\S+)$/m.exec(text) ?? [];
    expect(path.basename(rules)).toBe(path.basename(RULE_FILES.scraped));
    writeFileSync(config, text.replace(rules, ruleFileIn('scraped')));
    const { status, stdout, stderr } = await runCommand(promtool(), ['check', 'config', config]);
    expect(`${stdout}${stderr}`).toMatch(/SUCCESS: 19 rules found/);
    expect(status).toBe(0);
  });

  test.each(NAME_FORMS)('sees each alert fire when it should, and only then (%s)', async (form) => {
    const file = ruleFileIn(form);
    const tests = {
      rule_files: [file],
      evaluation_interval: '1m',
      group_eval_order: ['heapray-recording', 'heapray-alerts'],
      tests: ALERT_CASES.map((one) => testGroup(one, form)),
    };
    const testFile = path.join(path.dirname(file), 'tests.json');
    writeFileSync(testFile, JSON.stringify(tests));
    const { status, stdout, stderr } = await runCommand(promtool(), ['test', 'rules', testFile]);
    expect(`${stdout}${stderr}`).toMatch(/SUCCESS\s*$/);
    expect(status).toBe(0);
  });
});

test('each alert has a case in which it fires, and one in which it does not', () => {
  for (const { alert } of rulesIn('scraped').alerts) {
    const cases = ALERT_CASES.filter((one) => one.alert === alert);
    expect(cases.filter(({ fires }) => fires !== undefined).length, alert).toBeGreaterThan(0);
    expect(cases.filter(({ fires }) => fires === undefined).length, alert).toBeGreaterThan(0);
  }
});

function testGroup({ alert, title, series, at, fires }: (typeof ALERT_CASES)[number], form: NameForm) {
  const severity = rulesIn(form).alerts.find((rule) => rule.alert === alert)?.severity;
  const runbook_url = `${RUNBOOK}#${alert.toLowerCase()}`;
  const expected = fires && {
    exp_labels: { ...fires.labels, severity },
    exp_annotations: { summary: fires.summary, description: fires.description, runbook_url },
  };
  return {
    interval: '1m',
    name: `${alert}: ${title}`,
    input_series: Object.entries(series(namesOf(form))).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: expected ? [expected] : [] }],
  };
}

function ruleFileIn(form: NameForm): string {
  const file = path.join(tempFolder(), 'rules.yml');
  writeFileSync(file, MADE.get(RULE_FILES[form]) ?? '');
  return file;
}
