// The published package, in a project outside the workspace.
import { copyFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { peerTest } from '../../../../test/support/peer-test.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { project } from '../../../../test/support/projects.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { programFolder } from '../support/programs.js';
import { SHOP_HEAPPROFILE } from '../support/sample-files.js';
import { AIRFLOW } from '../watch/support/captures.js';
import { startReceiver } from '../watch/support/otlp-receiver.js';

const ENV = {
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
  HEAPRAY_DEBUG_ADDR: 'off',
  OTEL_METRICS_EXPORTER: 'none',
};

describe.each([
  ['with @datadog/pprof', false],
  ['without', true],
])('%s', (_, omitOptional) => {
  const peer = omitOptional ? 'project-bare-reduced' : 'project-bare';
  const heapray = (args: readonly string[], cwd: string) =>
    runCommand(path.join(project('bare', { omitOptional }), 'node_modules/.bin/heapray'), args, {
      cwd,
      env: ENV,
    });

  peerTest('reads a profile', peer, async () => {
    const { status, stdout, stderr } = await heapray(['top', SHOP_HEAPPROFILE], programFolder());
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('order-cache');
  });

  peerTest('runs a program that does not use heapray', peer, async () => {
    const folder = programFolder();
    const { status } = await heapray(['run', '--deep', '-o', 'shop.bin', 'node', 'shop.js'], folder);
    expect(status).toBe(0);
    expect(readdirSync(folder)).toContain('shop.bin');
  });

  peerTest('serves the metrics of captures, and sends them', peer, async () => {
    const { url, requests } = await startReceiver();
    const file = path.join(tempFolder(), 'scheduler_memory.bin');
    copyFileSync(AIRFLOW, file);
    const script = path.join(project('bare', { omitOptional }), 'node_modules/heapray/bin/heapray.js');
    const args = [script, 'watch', file, '--listen', '127.0.0.1:0', '--otlp', url.href];
    const watching = startNode({ args, env: ENV });
    const [, page] = await watching.waitForOutput(/metrics on (\S+),/);
    await watching.waitForOutput(/scheduler_memory\.bin: finished/);
    expect((await httpGet(page!)).body).toContain('heapray_memory_retained{heapray_component="scheduler"');
    const request = await pollUntil(() => requests[0], { what: 'metrics by OTLP' });
    expect(request.metric('heapray.watch.read')).toBeDefined();
    expect(await watching.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  });
});
