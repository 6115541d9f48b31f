// Processes behind one port. The first one has the port, and measures what a scrape of all costs its main thread; another one
// scrapes. Answers with the CPU time of a scrape on the main thread and in the whole process, its duration, and its series.
import { fork } from 'node:child_process';
import { once as onceOn } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import vm from 'node:vm';
import { answer, programOptions } from './answer.mjs';

const { members, scrapes, port, role } = programOptions();
const FUNCTIONS = 40;
const url = `http://127.0.0.1:${port}/metrics`;
/** A busy server may close a connection that a client is about to use again. */
const once = { headers: { connection: 'close' } };

process.env.OTEL_EXPORTER_PROMETHEUS_PORT = `${port}`;
process.env.HEAPRAY_DEBUG_ADDR = 'off';
process.env.OTEL_LOG_LEVEL = 'none';
// Otherwise a child waits with its port for this process.
delete process.env.HEAPRAY_PARENT_PID;
await import('@heapray/instrumentation/register');

const kept = [];
const functions = Array.from({ length: FUNCTIONS }, (_, i) =>
  vm.runInThisContext(`(function allocate${i}() { return new Array(8192).fill({ of: ${i} }); })`, {
    filename: `/srv/shop/node_modules/package-${i}/index.js`,
  }),
);
setInterval(() => {
  for (const each of functions) if (kept.length < 400) kept.push(each());
}, 50).unref();

if (role === 'member') {
  process.on('message', async ({ times }) => {
    const before = performance.now();
    let page = '';
    for (let at = 0; at < times; at++) page = await (await fetch(url, once)).text();
    process.send({ millis: (performance.now() - before) / times, page });
  });
} else {
  await measure();
}

async function measure() {
  // Wait until this process has the port.
  await pollUntil(async () => (await fetch(url, once)).ok);
  const options = JSON.stringify({ port, role: 'member' });
  const children = Array.from({ length: members }, () => fork(process.argv[1], [options]));
  const [scraper] = children;
  await pollUntil(async () => processesOf((await scrape(1)).page) === members + 1);
  await sleep(2_000);
  await scrape(5);
  const [mainBefore, cpuBefore] = [process.threadCpuUsage(), process.cpuUsage()];
  const { millis, page } = await scrape(scrapes);
  const [main, cpu] = [process.threadCpuUsage(mainBefore), process.cpuUsage(cpuBefore)];
  for (const child of children) child.kill('SIGKILL');
  const perScrape = ({ user, system }) => (user + system) / 1000 / scrapes;
  answer({
    mainMillis: perScrape(main),
    processMillis: perScrape(cpu),
    millis,
    series: page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
    processes: processesOf(page),
  });
  process.exit(0);

  async function scrape(times) {
    scraper.send({ times });
    const [result] = await onceOn(scraper, 'message');
    return result;
  }
}

function processesOf(page) {
  return new Set(
    [...page.matchAll(/^heapray_profiler_samples_total\{process_pid="(\d+)"/gm)].map(([, pid]) => pid),
  ).size;
}

async function pollUntil(isTrue) {
  while (!(await isTrue().catch(() => false))) await sleep(100);
}
