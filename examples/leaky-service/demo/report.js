import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MIB = 2 ** 20;
/** The memray release that reads each format. */
const MEMRAY_RELEASES = { 11: '1.18', 12: '1.19', 13: '1.20' };
const PROMETHEUS_CONFIG = fileURLToPath(new URL('../prometheus.yml', import.meta.url));

/** Returns the demo's closing report. */
export function report(summary, { paths, memrayFormat }) {
  const { seconds, requests, samplingInterval, mode, leak } = summary;
  const here = (file) => quoted(path.relative('', file));
  const share = summary.topRetainers.find(
    (site) =>
      site.file === leak.file &&
      site.function === leak.function &&
      site.line === leak.line &&
      site.column === leak.column,
  );
  return [
    '',
    `${requests} requests in ${seconds} s, sampled every ${samplingInterval} bytes on average (${mode})`,
    '',
    'Top retainers: what was in use at the end, by the function that allocated it',
    ...table(summary.topRetainers),
    '',
    'Top allocators: everything allocated since the start',
    ...table(summary.topAllocators),
    '',
    `The leak: ${leak.function} of package ${leak.package}`,
    `  ${here(leak.file)}`,
    `  holds ${mib(leak.bytes)}${share ? `, ${percent(share.share)} of all in use` : ''}, and grows by ${mib(leak.bytesPerMinute)} a minute`,
    '',
    'Look at it in a browser',
    ...commands([
      [here(paths.flamegraph), 'flame graph and tables of what is in use and allocated'],
      [here(paths.diff), 'what grew after the first third of the time'],
    ]),
    '',
    'Look further',
    ...commands([
      [
        `memray flamegraph --leaks ${here(paths.capture('api'))}`,
        `not freed, by stack (memray ${MEMRAY_RELEASES[memrayFormat]})`,
      ],
      [`go tool pprof -http=: ${here(paths.heap)}`, 'in use and allocated, by stack'],
      [`grep heapray_memory ${here(paths.metrics)}`, 'the page that Prometheus reads'],
      [
        `prometheus --config.file=${here(PROMETHEUS_CONFIG)}`,
        'while `npm start -w example-leaky-service` runs',
      ],
    ]),
    '',
  ].join('\n');
}

function table(sites) {
  const rows = sites.map((site) => [site.function, site.package, mib(site.bytes), percent(site.share)]);
  const header = ['function', 'package', 'bytes', 'share'];
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all.map(([name, packageName, ...numbers]) => {
    const texts = [name.padEnd(widths[0]), packageName.padEnd(widths[1])];
    return `  ${[...texts, ...numbers.map((text, i) => text.padStart(widths[i + 2]))].join('  ')}`;
  });
}

function commands(rows) {
  const width = Math.max(...rows.map(([command]) => command.length));
  return rows.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`);
}

/** Quotes a text for a shell. */
const quoted = (text) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
