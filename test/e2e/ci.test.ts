// Runs the commands of docs/ci.md, one after another in a user's project, with the files on the page.
import path from 'node:path';
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { memray } from '../support/peers.js';
import { project } from '../support/projects.js';
import { runCommand } from '../support/run-command.js';
import { appFolder } from './support/app-folder.js';
import { docsSection, writeDocsFiles } from './support/docs-commands.js';

/** Runs all commands of a section of the page; returns what each printed on stdout and stderr. */
async function runSection(heading: string, count: number, programs: readonly string[] = []) {
  const section = docsSection('ci.md', heading);
  expect(section.commands).toHaveLength(count);
  const folder = appFolder('bare');
  writeDocsFiles(section, folder);
  const bins = [path.join(project('bare'), 'node_modules/.bin'), path.dirname(process.execPath), ...programs];
  const env = {
    PATH: [...bins, process.env.PATH].join(path.delimiter),
    HEAPRAY_DEBUG_ADDR: 'off',
    OTEL_METRICS_EXPORTER: 'none',
  };
  const printed: { stdout: string; stderr: string }[] = [];
  for (const [at, line] of section.commands.entries()) {
    const { status, stdout, stderr } = await runCommand('sh', ['-c', line], { cwd: folder, env });
    expect(status, `${line}\n${stdout}${stderr}`).toBe(section.statuses[at]);
    printed.push({ stdout, stderr });
  }
  return printed;
}

peerTest('one run against a size', 'project-bare', async () => {
  const [run, stats] = await runSection('One run against a size', 2);
  expect(run?.stdout).toBe('20000 orders\n');
  expect(stats?.stderr).toBe('');
});

peerTest('a branch against the main line', 'project-bare', async () => {
  const [, , over, within] = await runSection('A branch against the main line', 4);
  expect(over?.stderr).toMatch(
    /the growth of peak_space is [\d.]+% of the old total \(.*\), over --fail-over 25%; most by .*import-orders\.js/,
  );
  expect(within?.stderr).toBe('');
});

peerTest('several processes', 'project-bare', async () => {
  const [run, stats, byProcess, , asProfile, over] = await runSection('Several processes', 6);
  expect(run?.stdout.match(/worker \d: 50000 kept/g)).toHaveLength(2);
  expect(stats?.stdout).toContain('peaks of 3 processes');
  expect(byProcess?.stdout).toMatch(/PROCESS\n(?:.* \d+\n){3}/);
  expect((JSON.parse(asProfile?.stdout ?? '') as { rows: unknown[] }).rows).toHaveLength(3);
  expect(over?.stderr).toMatch(/peak_space is .*, over --fail-over 1KiB; most by .*worker\.js/);
});

peerTest('Python', ['project-bare', 'memray-1.20.0'], async () => {
  const [, stats, byProcess, over] = await runSection('Python', 4, [path.dirname(memray('1.20.0'))]);
  expect(stats?.stdout).toContain('peaks of 2 processes');
  expect(byProcess?.stdout).toMatch(/PROCESS\n(?:.* \d+\n){2}/);
  expect(over?.stderr).toMatch(/over --fail-over 1MiB; most by .*app\.py/);
});
