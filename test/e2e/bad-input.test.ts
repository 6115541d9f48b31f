// Tests that a wrong setting gives one clear message and the application runs on; only a wrong setting in code stops the start.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import type { NodeLine } from '../support/peers.js';
import { runCommand } from '../support/run-command.js';
import { tempFolder } from '../support/temp-folder.js';
import { appFolder } from './support/app-folder.js';
import { captureOf, expectFinished, fileNames } from './support/capture-files.js';
import { fullDisk } from './support/full-disk.js';
import { nodeTooOld } from './support/other-node.js';
import { appCommand, type RunningApp, runApp, runTracedApp, startApp } from './support/profiled-app.js';

const TRACED = { HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: 'shop' };

/** Returns everything that heapray printed at the levels warn and error. */
function complaints({ stderr }: { stderr: string }): readonly string[] {
  return stderr.match(/^heapray: (warn|error): .*$/gm) ?? [];
}

describe('traced components', () => {
  peerTest('drop unknown names with one warning each', 'project-bare', async () => {
    const folder = appFolder('bare');
    const env = { HEAPRAY_COMPONENT: 'scheduler', HEAPRAY_TRACE_COMPONENTS: 'scheduler,sheduler, Api' };
    const result = await runTracedApp({ app: ['ending.js', 'natural'], folder, env });
    expect(result).toMatchObject({ status: 0 });
    const allowed = 'takes scheduler, dag_processor, api, triggerer';
    expect(complaints(result)).toEqual(
      ['sheduler', 'Api'].map((name) =>
        expect.stringMatching(
          new RegExp(`${name}.* is no component .*trace_components.*HEAPRAY_TRACE_COMPONENTS.*${allowed}`),
        ),
      ),
    );
    expectFinished(captureOf(path.join(folder, 'heapray'), 'scheduler'));
  });

  peerTest("can be set by Airflow's own variable and file", 'project-bare', async () => {
    const airflow = tempFolder();
    writeFileSync(
      path.join(airflow, 'airflow.cfg'),
      '[profiling]\nmemray_trace_components = api, scheduler\n',
    );
    const env = { HEAPRAY_COMPONENT: 'api', AIRFLOW_HOME: airflow };
    const result = await runTracedApp({ app: ['ending.js', 'natural'], env });
    expect(complaints(result)).toEqual([]);
    expectFinished(captureOf(airflow, 'api'));
    // A variable takes precedence over the file, even if it is empty.
    const none = { ...env, HEAPRAY_COMPONENT: 'scheduler', AIRFLOW__PROFILING__MEMRAY_TRACE_COMPONENTS: '' };
    await runApp({ app: ['ending.js', 'exit'], env: none });
    expect(fileNames(airflow)).toEqual(['airflow.cfg', 'api_memory.bin']);
  });
});

describe('a home that cannot hold a capture', () => {
  const file = () => {
    const name = path.join(tempFolder(), 'a-file');
    writeFileSync(name, '');
    return name;
  };
  const HOMES: readonly { what: string; home: () => string; says: RegExp }[] = [
    { what: 'a file', home: file, says: /a file is where its folder should be/ },
    { what: 'below a file', home: () => path.join(file(), 'home'), says: /ENOTDIR/ },
    { what: 'unwritable', home: () => '/proc/heapray', says: /\((ENOENT|EACCES|EROFS)\)/ },
  ];

  for (const { what, home, says } of HOMES) {
    peerTest(
      `because it is ${what}: one error, a count, and the service runs on`,
      'project-bare',
      async () => {
        const service = startApp({ app: ['leaky-service.js'], env: { ...TRACED, HEAPRAY_HOME: home() } });
        await expectCaptureGivenUp(service);
        expect(complaints(service.process)).toEqual([expect.stringMatching(says)]);
        expect(await service.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
      },
    );

    peerTest(`because it is ${what}: processes end as usual`, 'project-bare', async () => {
      const app = ['ending.js', 'exit'];
      const result = await runTracedApp({ app, env: { ...TRACED, HEAPRAY_HOME: home() } });
      expect(result).toMatchObject({ status: 3, stdout: 'worked\nexit event 3, 4000 kept\n' });
      expect(complaints(result)).toEqual([expect.stringMatching(says)]);
    });
  }

  peerTest(
    'because its disk is full: one error, a count, and the service runs on',
    'project-bare',
    async () => {
      const home = tempFolder();
      const { prefix, code } = fullDisk(home);
      const service = startApp({ app: ['leaky-service.js'], env: { ...TRACED, HEAPRAY_HOME: home }, prefix });
      await expectCaptureGivenUp(service);
      expect(complaints(service.process)).toEqual([
        expect.stringMatching(`cannot append to .*\\(${code}\\)`),
      ]);
      expect(await service.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
    },
  );
});

describe('a sampling interval that would crash V8', () => {
  for (const value of ['abc', '0', '2147483648']) {
    peerTest(`${value}: names the allowed values, and uses the default`, 'project-bare', async () => {
      const app = ['ending.js', 'natural'];
      const plain = await runApp({ app, register: false });
      const result = await runApp({ app, env: { HEAPRAY_SAMPLING_INTERVAL: value } });
      expect(result).toMatchObject({ status: plain.status, stdout: plain.stdout });
      expect(result.stderr).toContain(
        `heapray: error: HEAPRAY_SAMPLING_INTERVAL: '${value}' is not allowed; use an integer from 1 to 1073741824 (bytes); the default is used\n`,
      );
    });
  }
});

describe('a restricted Node', () => {
  for (const line of ['22.15', '24', '26'] as const) {
    peerTest(
      `Node ${line} --permission: names the missing options, and the app runs on`,
      [`node-${line}`, 'project-bare'],
      async () => {
        const nodeArgs = ['--permission', '--allow-fs-read=*'];
        const plain = await runApp({ app: ['ending.js', 'exit'], line, nodeArgs, register: false });
        const result = await runApp({ app: ['ending.js', 'exit'], line, nodeArgs });
        expect(result).toMatchObject({ status: 3, stdout: plain.stdout });
        expect(complaints(result)).toEqual([
          expect.stringMatching(/inspector may not be used.*not profiled/),
        ]);
      },
    );
  }

  const RIGHTS: readonly { line: NodeLine; nodeArgs: readonly string[] }[] = [
    { line: '24', nodeArgs: ['--permission', '--allow-fs-read=*', '--allow-inspector'] },
    { line: '26', nodeArgs: ['--permission', '--allow-fs-read=*', '--allow-inspector', '--allow-net'] },
  ];
  for (const { line, nodeArgs } of RIGHTS) {
    peerTest(
      `Node ${line} --permission without workers: names the option, and the app runs on`,
      [`node-${line}`, 'project-bare'],
      async () => {
        const result = await runApp({ app: ['ending.js', 'exit'], line, nodeArgs });
        expect(result).toMatchObject({ status: 3 });
        const errors = complaints(result).filter((text) => text.includes('error'));
        expect(errors).toEqual([
          'heapray: error: no worker thread may be started (--allow-worker): memory is not profiled',
        ]);
      },
    );

    peerTest(
      `Node ${line} --permission with all options: profiles`,
      [`node-${line}`, 'project-bare'],
      async () => {
        const rights = [...nodeArgs, '--allow-worker', '--allow-addons'];
        await expectProfiles(startApp({ app: ['leaky-service.js'], line, nodeArgs: rights }));
      },
    );
  }

  for (const line of ['22', '26'] as const) {
    peerTest(`Node ${line} --disable-sigusr1: profiles`, [`node-${line}`, 'project-bare'], async () => {
      const nodeArgs = ['--disable-sigusr1'];
      await expectProfiles(startApp({ app: ['leaky-service.js'], line, nodeArgs }));
    });
  }

  const old = nodeTooOld();
  test.runIf(old)('a Node that is too old: names the needed version, and the app runs on', async () => {
    const { args, cwd, env } = appCommand({ app: ['ending.js', 'exit'] });
    const result = await runCommand(old ?? '', args, { cwd, env });
    expect(result).toMatchObject({ status: 3, stdout: 'worked\nexit event 3, 4000 kept\n' });
    expect(result.stderr).toMatch(
      /^heapray: Node \S+ is too old for heapray, which needs 22\.15 or newer.*\n$/,
    );
  });
});

/** Expects that the capture is counted as dropped, and that everything else works. */
async function expectCaptureGivenUp(service: RunningApp): Promise<void> {
  await service.waitForLog(/error: capture of .* given up/);
  await service.waitForMetrics('the drop', (page) => {
    return page.sum('heapray_profiler_drops_total', { heapray_reason: 'capture' }) === 1;
  });
  await expectProfiles(service);
}

async function expectProfiles(service: RunningApp): Promise<void> {
  await service.waitForMetrics('the leak', (page) => {
    return page.sum('heapray_memory_retained', { code_function_name: 'rememberOrder' }) > 0;
  });
  expect((await httpGet(`${await service.debugUrl()}/debug/pprof/heap`)).status).toBe(200);
  expect(service.process.end).toBeUndefined();
}
