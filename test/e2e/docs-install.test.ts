// Runs the commands of the README's first minute, docs/install.md and docs/deep-dumps.md in a user's project.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { memray } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import { project } from '../support/projects.js';
import { runCommand } from '../support/run-command.js';
import { startProcess } from '../support/start-node.js';
import { appFolder } from './support/app-folder.js';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const STARTS_PROGRAM = /(?:^| )node --import /;

/**
 * Runs all commands of a page, or of one section of it: those that start a program stay, the others run until they succeed.
 * Returns what they print.
 *
 * @param isReady returns true when a started program is ready for the next command
 */
async function runPage(
  page: string,
  programs: readonly string[] = [],
  heading?: string,
  isReady: (folder: string) => boolean = () => true,
) {
  const whole = readFileSync(path.join(DOCS, page), 'utf8');
  const section = whole.split(/^##+ /m).find((part) => part.startsWith(`${heading}\n`));
  const text = heading === undefined ? whole : section;
  if (text === undefined) throw new Error(`${page} has no part "${heading}"`);
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const lines = blocks.flatMap((block) => block.split('\n'));
  const folder = appFolder('bare');
  writeFileSync(path.join(folder, 'app.js'), "import './leaky-service.js';\n");
  const [metrics, debug] = [await freePort(), await freePort()];
  const bins = [path.dirname(process.execPath), path.join(project('bare'), 'node_modules/.bin'), ...programs];
  const env = {
    PATH: [...bins, process.env.PATH].join(path.delimiter),
    OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`,
    HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debug}`,
  };
  const printed: string[] = [];
  for (const line of lines.filter((one) => one !== '' && !one.startsWith('npm '))) {
    const command = line.replaceAll('9464', `${metrics}`).replaceAll('6464', `${debug}`);
    if (STARTS_PROGRAM.test(command)) {
      startProcess('sh', { args: ['-c', command.replace(/(^| )node /, '$1exec node ')], cwd: folder, env });
      await pollUntil(() => isReady(folder), { what: 'the program to be ready' });
      continue;
    }
    const succeed = async () => {
      const { status, stdout, stderr } = await runCommand('sh', ['-c', command], { cwd: folder, env });
      if (status !== 0) throw new Error(`status ${status}: ${stdout}${stderr}`);
      printed.push(stdout);
      return true;
    };
    await pollUntil(succeed, { what: command });
  }
  return { folder, printed, metrics, debug };
}

peerTest("the README's first minute", 'project-bare', async () => {
  const { metrics, debug } = await runPage('../README.md', [], 'One minute to the first flame graph');
  const isThere = async (url: string) => (await httpGet(`http://127.0.0.1:${url}`)).status === 200;
  for (const url of [`${debug}/debug/ui`, `${debug}/debug/pprof/heap`, `${metrics}/metrics`])
    await pollUntil(() => isThere(url), { what: url });
});

peerTest('install.md', 'project-bare', async () => {
  const { folder, printed } = await runPage('install.md');
  expect(printed).toHaveLength(5);
  expect(printed[0]).toBe('ok\n');
  expect(printed[1]).toMatch(/heapray_profiler_mode="(?:native-api|binding)"/);
  expect(existsSync(path.join(folder, 'heap.html'))).toBe(true);
});

peerTest('deep-dumps.md', ['project-bare', 'memray-1.20.0'], async () => {
  // The commands have results as soon as there is a capture, but only a later one has the leak.
  const hasLeak = (folder: string) =>
    readFileSync(path.join(folder, 'dumps', 'shop_memory.bin')).includes('rememberOrder');
  const programs = [path.dirname(memray('1.20.0'))];
  const { folder, printed } = await runPage('deep-dumps.md', programs, undefined, hasLeak);
  expect(printed).toHaveLength(6);
  expect(printed[1]).toContain('rememberOrder');
  expect(printed[3]).toMatch(/^allocated: /);
  expect(existsSync(path.join(folder, 'peak.html'))).toBe(true);
});
