// Every expression of the dashboards and rules, in a real Prometheus with the metrics of a leaking service and `heapray watch`, under
// both forms of metric names. Those of OTLP come through a real Collector.
import { cpSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { FOLDERS, RULE_FILES } from '../../dashboards/src/files.ts';
import { NAME_FORMS, type NameForm } from '../../dashboards/src/metric-names.ts';
import { startWatch } from '../../packages/cli/test/watch/support/start-watch.js';
import { type DashboardJson, type Expression, expressionsOf } from '../dashboards/support/dashboard-json.js';
import { MADE, namesOf, rulesIn } from '../dashboards/support/made.js';
import { freePort } from '../support/free-port.js';
import { describeWithPeer } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { startCollector } from '../support/start-collector.js';
import { type PrometheusServer, startPrometheus } from '../support/start-prometheus.js';
import { tempFolder } from '../support/temp-folder.js';
import { startApp } from './support/profiled-app.js';

const AIRFLOW_CAPTURE = fileURLToPath(new URL('../golden/airflow/dag_processor_memory.bin', import.meta.url));

/** Expressions that cannot have a result here, by a part of their text, with the reason. */
const EXCEPTIONS: readonly (readonly [part: string, reason: string])[] = [
  ['heapray_limit_kind="cgroup"', 'the machine of the tests may have no memory limit of a control group'],
  ['heapray_limit_kind!="heap"', 'as above'],
  ['heapray:cgroup_limit:ratio', 'as above'],
  ['heapray_cgroup_', 'the machine of the tests may hide the files of its control group'],
];

/** Labels of legends that only forked processes have, processes of a group, or those that are not profiled. */
const MAY_BE_EMPTY = ['heapray_process_id', 'heapray_reason', 'process_pid'];

/** Values of the label `instance` of processes that push. */
const PUSHED = { service: 'shop-1', watch: 'airflow-1' };

interface Scraped {
  readonly prometheus: PrometheusServer;
  /** Value of the label `instance` of the service, and of `heapray watch`. */
  readonly service: string;
  readonly watch: string;
}

describeWithPeer('Prometheus', ['prometheus', 'collector', 'project-auto-instrumentations'], () => {
  const scraped = {} as Record<NameForm, Scraped>;

  beforeAll(async () => {
    const home = tempFolder();
    cpSync(AIRFLOW_CAPTURE, path.join(home, path.basename(AIRFLOW_CAPTURE)));
    const { otlp, metrics } = await startCollector();
    const service = await startService(home, otlp);
    const { url } = await startWatch([home, '--otlp'], {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
        OTEL_METRIC_EXPORT_TIMEOUT: '1000',
        OTEL_SERVICE_NAME: 'airflow',
        OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${PUSHED.watch}`,
      },
    });
    const targets = { service, watch: new URL(url).host };
    const jobs = { shop: [targets.service], airflow: [targets.watch] };
    const rulesOf = (form: NameForm) => MADE.get(RULE_FILES[form]) ?? '';
    const direct = await startPrometheus({ jobs, rules: rulesOf('scraped') });
    const collected = await startPrometheus({ collector: metrics, rules: rulesOf('otlp') });
    scraped.scraped = { prometheus: direct, ...targets };
    scraped.otlp = { prometheus: collected, ...PUSHED };
    for (const form of NAME_FORMS) await waitForData(scraped[form].prometheus, form);
  });

  const execute = async (form: NameForm, { dashboard, expr }: Pick<Located, 'dashboard' | 'expr'>) => {
    const job = dashboard.endsWith('airflow.json') ? 'airflow' : 'shop';
    const series = await scraped[form].prometheus.query(substituted(expr, job, scraped[form]));
    return series.filter(({ value }) => !Number.isNaN(value));
  };

  test.each(NAME_FORMS)('each expression of each dashboard has a result (%s)', async (form) => {
    const isEmpty = async (one: Located) => (await execute(form, one)).length === 0;
    // An exception, too, must be accepted by Prometheus.
    for (const one of locatedIn(form)) if (isException(one.expr)) await isEmpty(one);
    const wanted = locatedIn(form).filter(({ expr }) => !isException(expr));
    await expectNone(wanted, isEmpty, 'results of all expressions');
    process.stderr.write(`${locatedIn(form).length} expressions of dashboards executed (${form})\n`);
  });

  test.each(NAME_FORMS)('each label of a legend has a value (%s)', async (form) => {
    const wanted = locatedIn(form).filter(({ expr }) => !isException(expr));
    const lacksLabel = async (one: Located) => {
      const labels = [...one.legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const needed = labels.filter((label) => !MAY_BE_EMPTY.includes(label));
      const series = needed.length > 0 ? await execute(form, one) : [];
      return needed.some((label) => !series.some(({ metric }) => metric[label]));
    };
    await expectNone(wanted, lacksLabel, 'values of all labels');
  });

  test.each(NAME_FORMS)('the leak is at the top of the panels about growth (%s)', async (form) => {
    const leader = (dashboard: string, panel: string) => {
      const found = locatedIn(form).find((one) => one.dashboard.endsWith(dashboard) && one.panel === panel);
      const largest = async () => (await execute(form, found!)).sort((a, b) => b.value - a.value)[0]?.metric;
      return pollUntil(largest, { what: `a result of the panel ${panel}` });
    };
    const leak = { code_function_name: 'priceOf', heapray_package_name: 'price-cache' };
    expect(await leader('service.json', 'Growth of leak suspects')).toMatchObject(leak);
    expect(await leader('fleet.json', 'Growth of leak suspects by package')).toEqual({
      heapray_package_name: 'price-cache',
      job: 'shop',
    });
  });

  test.each(NAME_FORMS)('each rule is evaluated, and what it compares has a result (%s)', async (form) => {
    const { prometheus } = scraped[form];
    const { recording, alerts } = rulesIn(form);
    const compared = new Set([
      ...recording.flatMap(({ record, expr }) => [record, expr]),
      ...alerts.flatMap((alert) => alert.compared),
    ]);
    const isEmpty = async (expr: string) => (await prometheus.query(expr)).length === 0;
    for (const expr of compared) if (isException(expr)) await isEmpty(expr);
    const wanted = [...compared].filter((expr) => !isException(expr));
    await expectNone(wanted, isEmpty, 'results of all that rules compare');
    process.stderr.write(`${compared.size + alerts.length} expressions of rules executed (${form})\n`);
    const rules = [...recording.map(({ record }) => record), ...alerts.map(({ alert }) => alert)];
    const evaluated = await prometheus.rules();
    expect(evaluated.map(({ name }) => name).sort()).toEqual(rules.sort());
    expect(evaluated.filter(({ health }) => health !== 'ok')).toEqual([]);
    // Prometheus must accept the expression of each alert. Two are active: the leak, and the capture that a run of Airflow has left.
    for (const { expr } of alerts) await prometheus.query(expr);
    const activeIn = async (name: string) => {
      const { expr = '' } = alerts.find(({ alert }) => alert === name) ?? {};
      return (await prometheus.waitForSeries(expr)).map(({ metric }) => metric);
    };
    const suspects = await activeIn('HeaprayLeakSuspect');
    expect(suspects.map(({ code_function_name: name }) => name)).toContain('priceOf');
    const untraced = await activeIn('HeaprayComponentNotTraced');
    expect(untraced.map(({ heapray_component: component }) => component)).toEqual(['dag_processor']);
  });

  test.each(NAME_FORMS)('each variable has values (%s)', async (form) => {
    for (const [name, content] of MADE) {
      if (!name.startsWith(`${FOLDERS[form]}/`)) continue;
      const job = name.endsWith('airflow.json') ? 'airflow' : 'shop';
      for (const { name: variable, query } of (JSON.parse(content) as DashboardJson).templating.list) {
        if (typeof query !== 'object') continue;
        const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/s.exec(query.query) ?? [];
        const asked = substituted(selector, job, scraped[form]);
        const hasValues = async () => {
          const series = await scraped[form].prometheus.query(asked);
          // Only forked processes have an ID.
          return series.some(({ metric }) => metric[label] !== undefined || variable === 'process');
        };
        // On a busy machine Prometheus misses a scrape now and then, and has no series until the next one.
        await pollUntil(hasValues, { what: `values of ${variable} in ${name}: ${selector}` });
      }
    }
  });
});

/**
 * Starts the leaking service, which pushes to the URL, and whose traced component writes into the folder. Returns `host:port` of its
 * metrics.
 */
async function startService(home: string, otlp: string): Promise<string> {
  const port = await freePort();
  const app = startApp({
    app: ['dashboard-service.js'],
    nodeArgs: ['--expose-gc', '--max-old-space-size=512'],
    project: 'auto-instrumentations',
    register: false,
    env: {
      METRICS_PORT: `${port}`,
      INSTANCE: PUSHED.service,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
      HEAPRAY_HOME: home,
      HEAPRAY_TRACE_COMPONENTS: 'scheduler',
      HEAPRAY_LEAK_WINDOW: '1',
      HEAPRAY_RETENTION_AGES: 'true',
      HEAPRAY_CPU_BUDGET: '0.05',
      OTEL_TRACES_EXPORTER: 'none',
    },
  });
  await app.waitForLog(/^ready$/m);
  return `127.0.0.1:${port}`;
}

/**
 * Waits until no item has a fault. On a busy machine Prometheus misses a scrape now and then, and has no series until the next
 * one; so an item without a fault is not asked again.
 */
async function expectNone<T>(
  items: readonly T[],
  hasFault: (item: T) => Promise<boolean>,
  what: string,
): Promise<void> {
  const withFault = async (those: readonly T[]) => {
    const found: T[] = [];
    for (const item of those) if (await hasFault(item)) found.push(item);
    return found;
  };
  let left = await withFault(items);
  const isDone = async () => {
    left = await withFault(left);
    return left.length === 0;
  };
  // Report what is left rather than the time of the wait.
  await pollUntil(isDone, { what, everyMillis: 1_000 }).catch(() => {});
  expect(left).toEqual([]);
}

/** Waits until a leak is suspected, the watched component runs, and rates have two values. */
async function waitForData(prometheus: PrometheusServer, form: NameForm): Promise<void> {
  const m = namesOf(form);
  await prometheus.waitForGoodScrapes();
  await prometheus.waitForSeries(`${m.of('heapray.capture.status')}{heapray_capture_state="following"} == 1`);
  await prometheus.waitForSeries(`${m.of('heapray.memory.growth')} > 0`);
  await prometheus.waitForSeries(`rate(${m.of('v8js.gc.duration', 'sum')}[10s])`);
  await prometheus.waitForSeries('heapray:memory_outside_heap_bytes:deriv1h');
}

/** Returns the expression with Grafana's variables replaced. */
function substituted(expr: string, job: string, { service, watch }: Scraped): string {
  const values: Record<string, string> = {
    $__rate_interval: '10s',
    $__range: '1m',
    $job: job,
    $instance: job === 'airflow' ? watch : service,
    $component: '.*',
    $process: '.*',
  };
  const text = expr.replaceAll(/\$\w+/g, (name) => values[name] ?? name);
  if (text.includes('$')) throw new Error(`unknown variable in ${text}`);
  return text;
}

interface Located extends Expression {
  /** Path of the dashboard. */
  readonly dashboard: string;
}

/** Returns the expressions of all dashboards in a form. */
function locatedIn(form: NameForm): readonly Located[] {
  return [...MADE].flatMap(([dashboard, content]) => {
    if (!dashboard.startsWith(`${FOLDERS[form]}/`)) return [];
    return expressionsOf(JSON.parse(content) as DashboardJson).map((one) => ({ ...one, dashboard }));
  });
}

function isException(expr: string): boolean {
  return EXCEPTIONS.some(([part]) => expr.includes(part));
}
