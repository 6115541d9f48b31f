// Functions that differ only in their position: two leaks and a bounded store, made by three callbacks without
// names in one file. Windows are a second long instead of 20 s.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer } from '../support/peer-test.js';
import type { NodeLine } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import type { MetricsPage } from './support/metrics-page.js';
import { type RunningApp, startApp } from './support/profiled-app.js';

const APP = 'three-callbacks.js';
const SOURCE = readFileSync(fileURLToPath(new URL(`apps/${APP}`, import.meta.url)), 'utf8');

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Returns the start of the function that fills an array, as V8 counts it: at its parameters, from 1. */
function positionOf(store: string): Position {
  const before = SOURCE.slice(0, SOURCE.lastIndexOf('() =>', SOURCE.indexOf(`${store}.push(`))).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const [ORDERS, CARTS, SESSIONS] = ['orders', 'carts', 'sessions'].map(positionOf) as [
  Position,
  Position,
  Position,
];
/** The sites' labels in metrics; with a column only where several functions start on the line. */
const LABELS = [
  labelsOf(ORDERS.line),
  labelsOf(CARTS.line, CARTS.column),
  labelsOf(SESSIONS.line, SESSIONS.column),
];

function labelsOf(line: number, column?: number): string {
  return `(anonymous) ${line} ${column ?? '-'}`;
}

const textOf = ({ line, column }: Position) => `(anonymous) ${APP}:${line}:${column}`;
const suspects = (text: string) =>
  [...text.matchAll(/leak suspected: `([^`]*)` in `order-service`/g)].map(([, who]) => who);

/** Returns the labels of the file's call sites in a metric, the largest first. */
function sitesIn(page: MetricsPage, metric: string): readonly string[] {
  const sums = new Map<string, number>();
  for (const { labels, value } of page.find(metric)) {
    if (!labels.code_file_path?.endsWith(APP) || value <= 0) continue;
    const { code_function_name: name, code_line_number: line, code_column_number: column } = labels;
    const site = `${name} ${line ?? '-'} ${column ?? '-'}`;
    sums.set(site, (sums.get(site) ?? 0) + value);
  }
  return [...sums].sort(([, one], [, other]) => other - one).map(([site]) => site);
}

/** Returns what one process reports, once both leaks are suspected. */
async function findings(line: NodeLine) {
  const env = { HEAPRAY_LEAK_WINDOW: '1', HEAPRAY_SAMPLING_INTERVAL: '16384', HEAPRAY_CPU_BUDGET: '0.05' };
  const app: RunningApp = startApp({ line, app: [APP], nodeArgs: ['--expose-gc'], env });
  const early = await app.waitForMetrics('the three callbacks', (page) =>
    LABELS.every((labels) => sitesIn(page, 'heapray_memory_retained').includes(labels)),
  );
  const isTold = () => suspects(app.process.stderr).length >= 2;
  await pollUntil(async () => isTold(), { what: `two suspects of Node ${line}` });
  const late = await app.waitForMetrics(
    'their growth',
    (page) => sitesIn(page, 'heapray_memory_growth').length >= 2,
  );
  const { body: text } = await httpGet(`${await app.debugUrl()}/debug/pprof/heap?debug=1`);
  await app.stop('SIGKILL');
  return { early, late, text, log: app.process.stderr };
}

// Node 22 has the positions from the same binding as 24.
for (const line of ['24', '26'] as const) {
  describeWithPeer(`three callbacks without names on Node ${line}`, [`node-${line}`, 'project-bare'], () => {
    let found: Awaited<ReturnType<typeof findings>>;
    let again: Awaited<ReturnType<typeof findings>>;

    beforeAll(async () => {
      [found, again] = await Promise.all([findings(line), findings(line)]);
    });

    test('are three call sites, the same in each collection and each process', () => {
      for (const page of [found.late, again.late]) {
        for (const metric of ['heapray_memory_retained', 'heapray_memory_allocated_total'])
          expect(sitesIn(page, metric).slice(0, 3).sort()).toEqual([...LABELS].sort());
      }
      for (const page of [found.early, again.early])
        expect(sitesIn(page, 'heapray_memory_retained')).toEqual(expect.arrayContaining(LABELS));
    });

    test('are two suspects in the log, distinguished by their positions', () => {
      expect([...suspects(found.log)].sort()).toEqual([textOf(ORDERS), textOf(CARTS)].sort());
    });

    test('are two suspects in the metrics', () => {
      expect([...sitesIn(found.late, 'heapray_memory_growth')].sort()).toEqual(LABELS.slice(0, 2).sort());
    });

    test('are separate rows and suspects in the text', () => {
      for (const position of [ORDERS, CARTS, SESSIONS])
        expect(found.text).toMatch(
          new RegExp(`(?: %|-) {2}${escaped(textOf(position))}  order-service  three-callbacks$`, 'm'),
        );
      for (const position of [ORDERS, CARTS])
        expect(found.text).toMatch(
          new RegExp(`^  \`${escaped(textOf(position))}\` in \`order-service\` holds `, 'm'),
        );
    });
  });
}

function escaped(text: string): string {
  return text.replaceAll(/[().]/g, '\\$&');
}
