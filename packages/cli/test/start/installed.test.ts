// The published package, in a project outside the workspace.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { peerTest } from '../../../../test/support/peer-test.js';
import { project } from '../../../../test/support/projects.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { programFolder } from '../support/programs.js';
import { SHOP_HEAPPROFILE } from '../support/sample-files.js';

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
});
