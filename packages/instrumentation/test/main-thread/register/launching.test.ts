// heapray is loaded by NODE_OPTIONS into a process of an installed package: its behaviour shows if it is the
// program or only a launcher.
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { peerTest } from '../../../../../test/support/peer-test.js';
import { type NodeLine, nodeBinary } from '../../../../../test/support/peers.js';
import { type RunningProcess, startNode } from '../../../../../test/support/start-node.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { REGISTER } from '../../support/profiled-program.js';

const LEFT_ALONE = /^heapray: debug: process (\d+) starts other programs and is not profiled itself: (.*)$/gm;
const START =
  "require('node:child_process').spawn(process.execPath, [process.argv[2]], { stdio: ['pipe', 'inherit', 'inherit'] });";
/** Ends with its parent process. */
const FOLLOW = "process.stdin.resume().on('close', () => process.exit());";
const WAIT = 'setInterval(() => {}, 1000);';
const LISTEN = "require('node:http').createServer().listen(0, '127.0.0.1');";

for (const line of ['22.15', '26'] satisfies NodeLine[]) {
  peerTest(`an unknown launcher is left alone on Node ${line}`, `node-${line}`, async () => {
    const app = start([packageScript('some-launcher', `${START} ${LISTEN}`), program(FOLLOW)], { line });
    await app.waitForOutput(/metrics on /);
    await app.waitForOutput(/memory profiles on /);
    expect([...app.stderr.matchAll(LEFT_ALONE)].map(([, pid]) => Number(pid))).toEqual([app.pid]);
    expect(app.stderr.match(/metrics on |memory profiles on /g)).toHaveLength(2);
  });

  peerTest(`an unknown server is profiled on Node ${line}`, `node-${line}`, async () => {
    const app = start([packageScript('@acme/server', `${LISTEN} ${START}`), program(FOLLOW)], { line });
    await app.waitForOutput(/metrics on [\s\S]*memory profiles on |memory profiles on [\s\S]*metrics on /);
    expect(app.stderr).not.toMatch(LEFT_ALONE);
  });
}

test('profiles an unknown package that starts nothing', async () => {
  const app = start([packageScript('worker', WAIT)]);
  await app.waitForOutput(/metrics on /);
  expect(app.stderr).not.toMatch(LEFT_ALONE);
});

test('recognizes a launcher through its link, by a path of its own', async () => {
  const script = packageScript('cross-env', START);
  const link = path.join(path.dirname(script), '..', '.bin', 'ce');
  mkdirSync(path.dirname(link));
  symlinkSync(script, link);
  const app = start([link, program(FOLLOW)]);
  await app.waitForOutput(/metrics on /);
  expect([...app.stderr.matchAll(LEFT_ALONE)].map(([, , file]) => file)).toEqual([script]);
});

test('logs nothing about skipped processes by default', async () => {
  const app = start([packageScript('cross-env', START), program(FOLLOW)], { level: undefined });
  await app.waitForOutput(/metrics on /);
  expect(app.stderr).not.toContain('cross-env');
});

test('does not take words after code on the command line for a script', async () => {
  const app = start(['--eval', WAIT, 'npm']);
  await app.waitForOutput(/metrics on /);
});

interface StartOptions {
  line?: NodeLine;
  level?: string | undefined;
}

function start(args: readonly string[], options: StartOptions = {}): RunningProcess {
  const { line = '24', level } = { level: 'debug', ...options };
  const env = {
    NODE_OPTIONS: `--import ${REGISTER}`,
    OTEL_LOG_LEVEL: level,
    HEAPRAY_DEBUG_ADDR: '127.0.0.1:0',
    OTEL_EXPORTER_PROMETHEUS_PORT: '0',
  };
  return startNode({ node: nodeBinary(line), args, env, cwd: tempFolder() });
}

/** Writes the only file of an installed package. */
function packageScript(name: string, code: string): string {
  const folder = path.join(mkdtempSync(path.join(tempFolder(), 'project-')), 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'cli.js'), code);
  return path.join(folder, 'cli.js');
}

function program(code: string): string {
  const folder = mkdtempSync(path.join(tempFolder(), 'program-'));
  writeFileSync(path.join(folder, 'program.cjs'), code);
  return path.join(folder, 'program.cjs');
}
