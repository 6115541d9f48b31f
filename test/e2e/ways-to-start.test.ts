// Runs the commands of docs/ways-to-start.md in projects as users have them, with the files on the page.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import type { ProjectName } from '../support/projects.js';
import { startProcess } from '../support/start-node.js';
import { appFolder } from './support/app-folder.js';
import { waitForLeakPage } from './support/leak-page.js';

const PAGE = readFileSync(new URL('../../docs/ways-to-start.md', import.meta.url), 'utf8');

interface Section {
  heading: string;
  project: ProjectName;
  commands: number;
  service: RegExp;
}

const SECTIONS: readonly Section[] = [
  { heading: 'Zero code', project: 'bare', commands: 3, service: /^unknown_service:/ },
  { heading: 'Containers and Kubernetes', project: 'bare', commands: 1, service: /^unknown_service:/ },
  { heading: 'Permissions', project: 'bare', commands: 1, service: /^unknown_service:/ },
  { heading: 'OpenTelemetry SDK', project: 'sdk-2', commands: 3, service: /^shop$/ },
  { heading: 'OpenTelemetry SDK', project: 'sdk-3', commands: 3, service: /^shop$/ },
  {
    heading: 'auto-instrumentations',
    project: 'auto-instrumentations',
    commands: 2,
    service: /^unknown_service:/,
  },
];

for (const { heading, project, commands, service } of SECTIONS) {
  describe(`${heading}, ${project}`, () => {
    const blocks = blocksOf(heading);
    const lines = blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.trim().split('\n'));

    peerTest(`${commands} commands serve the leak and its profile`, `project-${project}`, async () => {
      expect(lines).toHaveLength(commands);
      for (const line of lines) {
        const { metrics, profiles, process } = await run(line, blocks, project);
        const { page } = await waitForLeakPage(metrics);
        expect(page.find('target_info')[0]?.labels.service_name, line).toMatch(service);
        // The debug server may start after the endpoint of an SDK.
        const hasLeak = async () => {
          const { body } = await httpGet(`http://127.0.0.1:${profiles}/debug/pprof/heap?debug=1`);
          return body.includes('rememberOrder');
        };
        await pollUntil(hasLeak, { what: `a profile with the leak of ${line}` });
        expect(process.stderr, line).not.toMatch(/heapray: (?:warn|error)/);
        await process.stop('SIGKILL');
      }
    });
  });
}

interface Block {
  language: string;
  text: string;
}

/** Returns the code blocks below a heading. */
function blocksOf(heading: string): readonly Block[] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const blocks = section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, language = '', text = '']) => ({ language, text }));
}

/** Starts a command in a project, with free ports in place of those on the page. */
async function run(line: string, blocks: readonly Block[], project: ProjectName) {
  const [metrics, profiles] = [await freePort(), await freePort()];
  const folder = appFolder(project);
  const withPorts = (text: string) => text.replaceAll('9464', `${metrics}`).replaceAll('6464', `${profiles}`);
  writeFileSync(path.join(folder, 'app.js'), "import './leaky-service.js';\n");
  for (const { language, text } of blocks) {
    const [, file] = /^\/\/ (\S+)\n/.exec(text) ?? [];
    if (language === 'js' && file !== undefined) writeFileSync(path.join(folder, file), withPorts(text));
  }
  // Use exec, so that the process to stop is Node and not the shell.
  const command = withPorts(line).replace(/(^|.* )node /, (_, before: string) => `${before}exec node `);
  const started = startProcess('sh', {
    args: ['-c', command],
    cwd: folder,
    env: {
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
      OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`,
      HEAPRAY_DEBUG_ADDR: `127.0.0.1:${profiles}`,
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  });
  return { metrics, profiles, process: started };
}
