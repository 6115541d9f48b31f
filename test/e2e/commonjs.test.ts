// `require` and its types: the packed packages with all module resolutions of TypeScript, in Jest, and in Node.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PATIENCE_MILLIS } from '../support/patience.js';
import { describeWithPeer, peerTest } from '../support/peer-test.js';
import { NODE_VERSIONS, nodeBinary } from '../support/peers.js';
import { project } from '../support/projects.js';
import { runCommand } from '../support/run-command.js';
import { docsSection, writeDocsFiles } from './support/docs-commands.js';
import { runBuiltApp, runLine, toolsFolder } from './support/tools-folder.js';

const PACKAGES = ['@heapray/exporter', '@heapray/instrumentation', 'heapray'];

describeWithPeer('the published packages', 'project-build-tools', () => {
  const pack = (name: string) => {
    const folder = path.join(project('build-tools'), 'node_modules', name);
    return `npm pack --silent --pack-destination . ${folder}`;
  };

  test.each(PACKAGES)('%s passes the checks of Are the types wrong? and publint', async (name) => {
    const folder = toolsFolder();
    const { stdout } = await runLine(pack(name), folder);
    await runLine(`attw ${stdout.trim()} --no-color`, folder);
    await runLine(`publint ${stdout.trim()} --strict`, folder);
  });
});

describeWithPeer('TypeScript', 'project-build-tools', () => {
  test('compiles CommonJS and ES module applications with every module resolution', async () => {
    expect((await runLine('node compile.mjs', project('build-tools'))).stdout).toBe('');
  });

  test('compiles with the commands of the documentation', async () => {
    const folder = path.join(project('build-tools'), 'typescript', 'commonjs');
    const { commands } = docsSection('ways-to-start.md', 'TypeScript');
    expect(commands).toHaveLength(2);
    // The test above checks heapray's declarations. Checking those of Node and the language again takes long.
    for (const line of commands) await runLine(`${line} --skipLibCheck`, folder);
  });
});

/** Jest gives a test 5 s, in which a slow machine may not start the profiler. */
const PATIENT = `--testTimeout ${PATIENCE_MILLIS}`;

describeWithPeer('Jest with CommonJS', 'project-build-tools', () => {
  test('profiles with one copy of the code', async () => {
    const line = `jest --no-cache ${PATIENT} profiled.test.js`;
    const { stderr } = await runLine(line, project('build-tools'));
    expect(stderr).toContain('2 passed, 2 total');
  });

  test('runs the test of the documentation', async () => {
    const folder = toolsFolder();
    const section = docsSection('ways-to-start.md', 'Jest');
    writeDocsFiles(section, folder);
    expect(section.commands).toEqual(['jest app.test.js']);
    for (const line of section.commands) await runLine(`${line} ${PATIENT}`, folder);
  });
});

describe('require', () => {
  for (const line of NODE_VERSIONS) {
    peerTest(
      `on Node ${line} returns the same as import`,
      ['project-build-tools', `node-${line}`],
      async () => {
        const folder = project('build-tools');
        const report = await runBuiltApp('app.cjs', folder, line);
        expect(report.mode).toBe(line === '26' ? 'native-api' : 'binding');
        const subpaths = PACKAGES.slice(0, 2).flatMap((name) =>
          entriesOf(path.join(folder, 'node_modules', name)),
        );
        const script = `(async () => {
        for (const name of ${JSON.stringify(subpaths)}) console.log(name, require(name) === await import(name));
      })()`;
        const { stdout, stderr } = await runCommand(nodeBinary(line), ['-e', script], { cwd: folder });
        expect(stdout.trim().split('\n'), stderr).toEqual(subpaths.map((name) => `${name} true`));
      },
    );
  }
});

/** Returns the entries that a package exports, without the preload and its package.json. */
function entriesOf(folder: string): string[] {
  const { name, exports } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, unknown>;
  };
  const subpaths = Object.keys(exports).filter((key) => !['./register', './package.json'].includes(key));
  return subpaths.map((key) => path.posix.join(name, key));
}
