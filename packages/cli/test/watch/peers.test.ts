// A real Python program under the real memray, followed while it runs, and scraped by a real Prometheus.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { decodePprof } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { expect } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { isLz4 } from '../../../../test/support/lz4-file.js';
import { peerTest } from '../../../../test/support/peer-test.js';
import { goPprof, memray } from '../../../../test/support/peers.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { type RunningProcess, startProcess } from '../../../../test/support/start-node.js';
import { startPrometheus } from '../../../../test/support/start-prometheus.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray } from '../support/heapray.js';
import { startWatch } from './support/start-watch.js';

/** Leaks 1 MiB at a time, as often as requested, and runs until a file says stop. */
const PROGRAM = `
import os, sys, time
kept = []
def leak():
    kept.append(bytearray(1 << 20))
def churn():
    return sum(len(bytes(5000)) for _ in range(50))
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    if len(kept) < int(sys.argv[2]):
        leak()
    churn()
    time.sleep(0.005)
`;

interface Scheduler {
  readonly program: RunningProcess;
  readonly file: string;
  /** Lets the program end by itself. */
  finish(): void;
}

interface SchedulerOptions {
  readonly version?: '1.20.0' | '1.19.3';
  readonly leakMib?: number;
}

async function startScheduler(
  folder: string,
  { version = '1.20.0', leakMib = 64 }: SchedulerOptions = {},
): Promise<Scheduler> {
  const script = path.join(folder, 'scheduler.py');
  const stop = path.join(folder, 'enough');
  const file = path.join(folder, 'scheduler_memory.bin');
  writeFileSync(script, PROGRAM);
  const program = startProcess(memray(version), {
    args: ['run', '--quiet', '--compress-on-exit', '-o', file, script, stop, `${leakMib}`],
  });
  await program.waitForOutput(/ready/);
  return { program, file, finish: () => writeFileSync(stop, '') };
}

async function metricsWhen(url: string, accept: (body: string) => boolean, what: string): Promise<string> {
  return pollUntil(
    async () => {
      const { body } = await httpGet(`${url}/metrics`);
      return accept(body) && body;
    },
    { what },
  );
}

function metricValue(body: string, start: string): number {
  const line = body.split('\n').find((each) => each.startsWith(start));
  return Number(line?.split(' ').at(-1));
}

const LEAK_LABELS = '{heapray_component="scheduler",code_function_name="leak"';
const LEAK = `heapray_memory_retained${LEAK_LABELS}`;

peerTest(
  'follows a program that runs and ends properly',
  ['memray-1.20.0', 'prometheus', 'go-pprof'],
  async () => {
    const folder = tempFolder();
    const { url } = await startWatch([folder]);
    const prometheus = await startPrometheus({ targets: [new URL(url).host] });
    const { program, file, finish } = await startScheduler(folder);

    const early = await metricsWhen(url, (body) => metricValue(body, LEAK) > 4 * 2 ** 20, 'a leak of 4 MiB');
    await metricsWhen(url, (body) => metricValue(body, LEAK) > 32 * 2 ** 20, 'a leak of 32 MiB');
    expect(early).toContain('heapray_capture_state="following"} 1');
    const [row] = await prometheus.waitForSeries(
      'heapray_memory_retained{code_function_name="leak"} > 33554432',
    );
    expect(row!.metric).toMatchObject({ heapray_component: 'scheduler', heapray_package_name: 'scheduler' });
    expect(row!.metric.code_file_path).toMatch(/scheduler\.py$/);
    const [rate] = await prometheus.waitForSeries(
      'sum by (code_function_name) (rate(heapray_memory_allocated_total{heapray_package_name="scheduler"}[30s])) > 0',
    );
    expect(rate!.value).toBeGreaterThan(0);

    await metricsWhen(url, (body) => metricValue(body, LEAK) >= 64 * 2 ** 20, 'all of the leak');

    finish();
    await program.ended;
    const last = await metricsWhen(
      url,
      (body) => body.includes('heapray_capture_state="finished"} 1'),
      'the end',
    );
    expect(isLz4(file)).toBe(true);
    const { stdout } = await runCommand(memray('1.20.0'), [
      'stats',
      '--json',
      '-o',
      `${file}.json`,
      '-f',
      file,
    ]);
    expect(stdout).toContain('.json');
    const stats = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as Record<string, number>;
    const profile = decodePprof((await httpGet(`${url}/debug/pprof/heap`)).bytes);
    expect(totals(profile)).toMatchObject({
      alloc_objects: stats.total_num_allocations,
      alloc_space: stats.total_bytes_allocated,
    });
    // Each byte was read about once: the bytes read are the stream plus a little per poll, not a multiple.
    const streamBytes = metricValue(last, 'heapray_capture_data');
    expect(metricValue(last, 'heapray_capture_runs_total')).toBe(1);
    expect(streamBytes).toBeGreaterThan(0);
    const fetched = path.join(folder, 'heap.pb.gz');
    writeFileSync(fetched, (await httpGet(`${url}/debug/pprof/peak?component=scheduler`)).bytes);
    const top = await goPprof(['-top', '-unit=mb', fetched]);
    expect(top).toMatchObject({ status: 0 });
    expect(top.stdout).toMatch(/Type: peak_space/);
    expect(top.stdout).toMatch(/64(?:\.\d+)?MB .* leak\n/);
  },
);

peerTest('follows a program that is killed, and its next run', 'memray-1.20.0', async () => {
  const folder = tempFolder();
  const { url, process: watching } = await startWatch([folder]);
  const first = await startScheduler(folder);
  await metricsWhen(url, (body) => metricValue(body, LEAK) > 2 ** 25, 'a leak of 32 MiB');
  await first.program.stop('SIGKILL');
  await metricsWhen(url, (text) => text.includes('heapray_capture_state="stopped"} 1'), 'the end');
  await watching.waitForOutput(/hint: .*scheduler_memory\.bin: this run is over/);
  const hint = 'heapray_watch_hint{heapray_component="scheduler",heapray_hint="old_capture"} 1';
  const body = await metricsWhen(url, (text) => text.includes(hint), 'the hint');
  const once = await heapray(['watch', '--once', '--json', folder]);
  const { captures } = JSON.parse(once.stdout) as {
    captures: { retainedBytes: number; allocatedBytes: number }[];
  };
  expect(captures[0]!.retainedBytes).toBe(sumOf(body, 'heapray_memory_retained{'));
  expect(captures[0]!.allocatedBytes).toBe(sumOf(body, 'heapray_memory_allocated_total{'));

  await runCommand('mv', [first.file, path.join(folder, 'old.bin')]);
  // However late it is noticed, it leaks less than the first.
  const second = await startScheduler(folder, { leakMib: 8 });
  const next = await metricsWhen(
    url,
    (text) => text.includes('heapray_capture_state="following"} 1') && metricValue(text, LEAK) > 2 ** 22,
    'the next run',
  );
  const leaked = metricValue(next, `heapray_memory_allocated_total${LEAK_LABELS}`);
  expect(leaked).toBeGreaterThan(2 ** 22);
  expect(leaked).toBeLessThan(2 ** 24);
  second.finish();
  await second.program.ended;
  await metricsWhen(
    url,
    (text) => text.includes('heapray_capture_state="finished"} 1'),
    'the end of the next run',
  );
});

/** A traced program whose child, which forks again, holds memory that the capture does not contain. */
const PARENT = `
import os, signal, sys, time
def hold(mib):
    held = bytearray(os.urandom(1 << 20)) * mib
    if mib > 40 and os.fork() == 0:
        hold(32)
    while os.getppid() != 1 and not os.path.exists(sys.argv[1]):
        time.sleep(0.05)
    os._exit(0)
if os.fork() == 0:
    hold(64)
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
`;

peerTest('has the memory of a program’s children as long as it lives', 'memray-1.20.0', async () => {
  const folder = tempFolder();
  const { url } = await startWatch([folder]);
  const script = path.join(folder, 'parent.py');
  const enough = path.join(folder, 'enough');
  writeFileSync(script, PARENT);
  const file = path.join(folder, 'dag_processor_memory.bin');
  const program = startProcess(memray('1.20.0'), { args: ['run', '--quiet', '-o', file, script, enough] });
  await program.waitForOutput(/ready/);
  const series = (role: string) =>
    `heapray_capture_resident{heapray_component="dag_processor",heapray_process_role="${role}"}`;
  const body = await metricsWhen(
    url,
    (text) => metricValue(text, series('children')) > 96 * 2 ** 20,
    'the memory of both children',
  );
  expect(metricValue(body, series('traced'))).toBeLessThan(64 * 2 ** 20);
  await program.stop('SIGKILL');
  await metricsWhen(
    url,
    (text) => text.includes(series('traced')) && !text.includes(series('children')),
    'no memory of children',
  );
  writeFileSync(enough, '');
});

peerTest('follows a capture of memray 1.19', 'memray-1.19.3', async () => {
  const folder = tempFolder();
  const { url } = await startWatch([folder]);
  const { program, finish } = await startScheduler(folder, { version: '1.19.3' });
  const body = await metricsWhen(url, (text) => metricValue(text, LEAK) > 2 ** 22, 'a leak of 4 MiB');
  expect(body).toMatch(
    /code_function_name="leak",code_file_path="[^"]*scheduler\.py",code_line_number="4",heapray_package_name="scheduler"/,
  );
  finish();
  await program.ended;
  await metricsWhen(url, (text) => text.includes('heapray_capture_state="finished"} 1'), 'the end');
});

function sumOf(body: string, start: string): number {
  const lines = body.split('\n').filter((line) => line.startsWith(start));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
