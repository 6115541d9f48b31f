// heapray in applications built by real bundlers: external, as docs/bundlers.md says, or inside the bundle.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { atEnd } from '../support/cleanup.js';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer, peerTest } from '../support/peer-test.js';
import { nodeBinary } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import { project } from '../support/projects.js';
import { startProcess } from '../support/start-node.js';
import { tempFolder } from '../support/temp-folder.js';
import { docsSection, writeDocsFiles } from './support/docs-commands.js';
import { problems, runBuiltApp, runLine, toolsFolder } from './support/tools-folder.js';

describeWithPeer('the commands of the documentation', 'project-build-tools', () => {
  test.each([
    ['ways-to-start.md', 'Bundlers'],
    ['bundlers.md', 'esbuild'],
    ['bundlers.md', 'webpack'],
    ['bundlers.md', 'rolldown and rollup'],
  ])('make a bundle that is profiled: %s, %s', async (page, heading) => {
    const folder = toolsFolder();
    const section = docsSection(page, heading);
    writeDocsFiles(section, folder);
    const runs = section.commands.filter((line) => line.startsWith('node '));
    expect(runs).not.toEqual([]);
    for (const line of section.commands) {
      if (!runs.includes(line)) {
        await runLine(line, folder);
        continue;
      }
      const report = await runBuiltApp(line.slice('node '.length), folder);
      expect({ line, mode: report.mode, problems: problems(report) }).toEqual({
        line,
        mode: 'binding',
        problems: [],
      });
    }
  });

  test('make a Next.js server that is profiled by the binding', async () => {
    const [port, own] = [await freePort(), await freePort()];
    const section = docsSection('bundlers.md', 'Next.js');
    // Next.js follows no links out of its folder, so build in the project itself; no other test builds there.
    const folder = project('build-tools');
    writeDocsFiles(section, folder, `127.0.0.1:${port}`);
    const [build = '', start] = section.commands;
    atEnd(() => rmSync(path.join(folder, '.next'), { recursive: true, force: true }));
    await runLine(build, folder);
    expect(start).toBe('node .next/standalone/server.js');
    // Run it elsewhere, as deployed: in its place it would find the project's packages.
    const deployed = tempFolder();
    cpSync(path.join(folder, '.next', 'standalone'), deployed, { recursive: true, verbatimSymlinks: true });
    const env = { PORT: `${own}`, HOSTNAME: '127.0.0.1', NEXT_TELEMETRY_DISABLED: '1' };
    startProcess(nodeBinary('24'), { args: ['server.js'], cwd: deployed, env });
    expect(await profileHeader(port)).toContain('mode binding');
    await pollUntil(() => hasLivePage(port), { what: 'the live page' });
  });

  peerTest('make a single executable that is profiled', 'node-26', async () => {
    const port = await freePort();
    const folder = toolsFolder();
    const section = docsSection('bundlers.md', 'Single executable applications');
    writeDocsFiles(section, folder, `127.0.0.1:${port}`);
    const [build = '', start = ''] = section.commands;
    await runLine(build, folder, '26');
    startProcess(path.join(folder, start), { args: [], cwd: folder });
    expect(await profileHeader(port)).toContain('mode native-api');
    await pollUntil(() => hasLivePage(port), { what: 'the live page' });
  });
});

/** Returns the first line of the profile that a port serves. */
function profileHeader(port: number): Promise<string> {
  const check = async () => {
    const { status, body } = await httpGet(`http://127.0.0.1:${port}/debug/pprof/heap?debug=1`);
    return status === 200 && body.split('\n', 1)[0];
  };
  return pollUntil(check, { what: `a profile on port ${port}` });
}

/** Returns whether a port serves the live page, whose script is loaded with the first request. */
async function hasLivePage(port: number): Promise<boolean> {
  const page = `http://127.0.0.1:${port}/debug/ui`;
  const answers = await Promise.all(
    ['', '/page.js', '/overview.json'].map((path) => httpGet(`${page}${path}`)),
  );
  return answers.every(({ status, bytes }) => status === 200 && bytes.length > 100);
}

const BUNDLERS = [
  ['esbuild, ESM', 'esbuild app.mjs --bundle --platform=node --format=esm --outfile=dist/app.mjs'],
  ['esbuild, CommonJS', 'esbuild app.cjs --bundle --platform=node --format=cjs --outfile=dist/app.cjs'],
  ['rolldown, ESM', 'rolldown app.mjs --platform node --file dist/app.mjs'],
  ['rolldown, CommonJS', 'rolldown app.cjs --platform node --format cjs --file dist/app.cjs'],
] as const;

describeWithPeer('a bundle that holds heapray', 'project-build-tools', () => {
  test.each(BUNDLERS)(
    'of %s uses the installed copy beside it; without one it names the remedy',
    async (_, line) => {
      const folder = toolsFolder();
      await runLine(line, folder);
      const [, file = ''] = /dist\/(\S+)$/.exec(line) ?? [];
      const beside = await runBuiltApp(path.join('dist', file), folder);
      expect({ mode: beside.mode, problems: problems(beside) }).toEqual({ mode: 'binding', problems: [] });
      const alone = await runBuiltApp(file, movedTo(path.join(folder, 'dist')));
      expect(alone.mode).toBe('none');
      expect(problems(alone)).toEqual([
        expect.stringMatching(
          /^error: cannot start the profiler thread, memory is not profiled: this application is bundled, .* as external \(esbuild --external:@heapray\/instrumentation; /,
        ),
      ]);
    },
  );

  test('of webpack includes the profiler thread, and reports the missing binding', async () => {
    const folder = toolsFolder();
    await runLine('webpack --mode production --target node --entry ./app.mjs -o dist', folder);
    const beside = await runBuiltApp('dist/main.js', folder);
    expect({ mode: beside.mode, problems: problems(beside) }).toEqual({ mode: 'binding', problems: [] });
    const alone = await runBuiltApp('main.js', movedTo(path.join(folder, 'dist')));
    expect(alone.mode).toBe('inspector');
    expect(problems(alone)).toEqual([expect.stringContaining('is not installed beside this bundle')]);
  });

  test('names the remedy when it includes the preload', async () => {
    const folder = toolsFolder();
    await runLine(
      'echo "import \'@heapray/instrumentation/register\'" | esbuild --bundle --platform=node --format=esm --outfile=dist/app.mjs',
      folder,
    );
    const { stdout, stderr } = await runLine('node app.mjs', movedTo(path.join(folder, 'dist')));
    expect({ stdout, lines: stderr.trim().split('\n') }).toEqual({
      stdout: '',
      lines: [expect.stringMatching(/^heapray: error: cannot start.*has to be external/)],
    });
  });
});

/** Copies a folder to a place where no packages are installed. */
function movedTo(source: string): string {
  const folder = tempFolder();
  for (const name of readdirSync(source)) {
    // webpack records where modules were at build time; replace that by a path that does not exist.
    const text = readFileSync(path.join(source, name), 'utf8').replaceAll(project('build-tools'), '/nowhere');
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}
