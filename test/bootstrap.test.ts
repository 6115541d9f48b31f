// Checks that every peer from the bootstrap runs, in the required version.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { peerTest } from './support/peer-test.js';
import {
  goPprof,
  lz4,
  MEMRAY_VERSIONS,
  memray,
  NODE_VERSIONS,
  nodeBinary,
  prometheus,
  promtool,
} from './support/peers.js';
import { PROJECT_NAMES, project } from './support/projects.js';
import { runCommand } from './support/run-command.js';

describe('memray', () => {
  for (const version of MEMRAY_VERSIONS) {
    peerTest(`${version} answers`, `memray-${version}`, async () => {
      const answer = await runCommand(memray(version), ['--version']);
      expect(answer).toMatchObject({ status: 0, stdout: `${version}\n` });
    });
  }
});

describe('Node', () => {
  for (const line of NODE_VERSIONS) {
    peerTest(`${line} answers`, `node-${line}`, async () => {
      const { stdout } = await runCommand(nodeBinary(line), ['--version']);
      expect(stdout).toMatch(new RegExp(`^v${line}\\.`));
    });
  }

  test('runs the tests on Node 24', () => {
    expect(process.version).toMatch(/^v24\./);
  });
});

describe('Prometheus', () => {
  peerTest('the Prometheus server answers', 'prometheus', async () => {
    const { stdout, stderr } = await runCommand(prometheus(), ['--version']);
    expect(stdout + stderr).toMatch(/^prometheus, version \d/);
  });

  peerTest('promtool answers', 'promtool', async () => {
    const { stdout, stderr } = await runCommand(promtool(), ['--version']);
    expect(stdout + stderr).toMatch(/^promtool, version \d/);
  });
});

peerTest('lz4 answers', 'lz4', async () => {
  const { stdout, stderr } = await runCommand(lz4(), ['--version']);
  expect(stdout + stderr).toMatch(/LZ4 command line interface/i);
});

peerTest('go tool pprof answers', 'go-pprof', async () => {
  const { stdout, stderr } = await goPprof(['-h']);
  expect(stdout + stderr).toContain('-sample_index');
});

describe('projects', () => {
  for (const name of PROJECT_NAMES) {
    peerTest(`${name} has the packed packages and the native sampler`, `project-${name}`, () => {
      const folder = project(name);
      expect(realFolder(folder, '@heapray/instrumentation')).toBe(true);
      expect(realFolder(folder, 'heapray')).toBe(true);
      expect(canResolve(folder, '@datadog/pprof')).toBe(true);
    });

    peerTest(`${name} without optional packages cannot load any of them`, `project-${name}-reduced`, () => {
      const folder = project(name, { omitOptional: true });
      expect(realFolder(folder, '@heapray/instrumentation')).toBe(true);
      expect(canResolve(folder, '@datadog/pprof')).toBe(false);
    });
  }
});

function realFolder(project: string, name: string): boolean {
  return existsSync(path.join(project, 'node_modules', name, 'package.json'));
}

function canResolve(project: string, name: string): boolean {
  const require = createRequire(
    path.join(project, 'node_modules', '@heapray', 'instrumentation', 'package.json'),
  );
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
