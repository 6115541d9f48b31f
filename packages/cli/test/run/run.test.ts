// `heapray run`: the environment of the program, and the end of the command.
import path from 'node:path';
import { decodePprof } from '@heapray/exporter/pprof';
import { describe, expect, test } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray, MAIN, shell } from '../support/heapray.js';
import { programFolder } from '../support/programs.js';
import { fileWith } from '../support/sample-files.js';

const NODE = process.execPath;
const QUIET = { HEAPRAY_DEBUG_ADDR: 'off', OTEL_METRICS_EXPORTER: 'none' };

/** Runs JavaScript code under `heapray run`. */
function runCode(code: string, env: Record<string, string> = {}) {
  return heapray(['run', NODE, '-e', code], { env });
}

describe('the program', () => {
  test('is profiled', async () => {
    const program = startNode({
      args: [MAIN, 'run', NODE, 'server.js'],
      cwd: programFolder(),
      env: { OTEL_METRICS_EXPORTER: 'none', HEAPRAY_DEBUG_ADDR: '127.0.0.1:0' },
    });
    const [, url] = await program.waitForOutput(
      /memory profiles on (http:\S+) and a live page on http:\S+\/debug\/ui\n/,
    );
    const { status, bytes } = await httpGet(`${url}heap`);
    expect(status).toBe(200);
    expect(decodePprof(bytes).columns).toContainEqual({ type: 'inuse_space', unit: 'bytes' });
    // Wait until it listens to signals: the profiler may be running before the program.
    await program.waitForOutput(/ready/);
    expect(await program.stop()).toEqual({ status: 7, signal: null });
  });

  test('gets its arguments unchanged, even options of the command itself', async () => {
    const script = fileWith('console.log(JSON.stringify(process.argv.slice(2)))', 'args.js');
    const args = ['--help', '-o', '', 'a b', '--', '--deep', '"'];
    for (const separator of [[], ['--']]) {
      const { status, stdout } = await heapray(['run', ...separator, NODE, script, ...args]);
      expect({ status, stdout }).toEqual({ status: 0, stdout: `${JSON.stringify(args)}\n` });
    }
  });

  test('has standard input and output to itself', async () => {
    const { stdout, stderr } = await heapray(['run', 'cat'], { input: 'hello' });
    expect({ stdout, stderr }).toEqual({ stdout: 'hello', stderr: '' });
  });

  test('keeps its options for Node', async () => {
    const code = 'console.log(Error.stackTraceLimit, process.title)';
    const { status, stdout } = await runCode(code, {
      NODE_OPTIONS: '--stack-trace-limit=17 --title="a shop"',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '17 a shop\n' });
  });

  test('is named by --component, as are its children', async () => {
    const code = `require('node:child_process').execSync('echo $HEAPRAY_COMPONENT', { stdio: 'inherit' })`;
    const { stdout } = await heapray(['run', '--component', 'api', NODE, '-e', code]);
    expect(stdout).toBe('api\n');
  });

  test('has accurate stacks with --accurate-stacks', async () => {
    const code = 'console.log(process.env.HEAPRAY_ACCURATE_STACKS)';
    const { stdout } = await heapray(['run', '--accurate-stacks', NODE, '-e', code]);
    expect(stdout).toBe('true\n');
  });

  test('has its captures in --home, whatever its working folder', async () => {
    const folder = tempFolder();
    const code = 'console.log(process.env.HEAPRAY_HOME)';
    const { stdout } = await heapray(['run', '--home', 'dumps', NODE, '-e', code], { cwd: folder });
    expect(stdout).toBe(`${path.join(folder, 'dumps')}\n`);
  });
});

describe('the exit status', () => {
  test('is the status of the program', async () => {
    expect(await runCode('process.exit(42)')).toMatchObject({ status: 42, signal: null });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGKILL', 'SIGHUP', 'SIGUSR2'] as const)(
    'is its signal: %s',
    async (signal) => {
      expect(await heapray(['run', 'sh', '-c', `kill -${signal.slice(3)} $$`])).toMatchObject({
        status: null,
        signal,
      });
    },
  );

  test.each([
    ['USR1', 138],
    ['PIPE', 141],
  ])('is 128 plus a signal that does not end Node: %s', async (signal, status) => {
    const result = await heapray(['run', 'sh', '-c', `kill -${signal} $$`]);
    expect(result).toEqual({ status, signal: null, stdout: '', stderr: '' });
  });
});

describe('signals', () => {
  test('reach the program, which decides', async () => {
    const program = startNode({ args: [MAIN, 'run', NODE, 'server.js'], cwd: programFolder(), env: QUIET });
    await program.waitForOutput(/ready/);
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const) {
      process.kill(program.pid, signal);
      await program.waitForOutput(new RegExp(`got ${signal}`));
    }
    expect(await program.stop('SIGTERM')).toEqual({ status: 7, signal: null });
  });

  test('end the command as they end the program', async () => {
    const program = startNode({
      args: [MAIN, 'run', NODE, 'plain-server.js'],
      cwd: programFolder(),
      env: QUIET,
    });
    await program.waitForOutput(/ready/);
    expect(await program.stop('SIGINT')).toEqual({ status: null, signal: 'SIGINT' });
  });

  test('from the keyboard reach it once', async () => {
    // `script` creates a terminal and records its output; byte 3 is Ctrl-C, 28 is Ctrl-\.
    const wait = (text: string) => `until grep -q "${text}" shown; do sleep 0.1; done`;
    const keys = [
      wait('ready'),
      String.raw`printf '\003'`,
      wait('got SIGINT'),
      String.raw`printf '\034'`,
      wait('got SIGQUIT'),
      'kill -TERM "$(cat pid)"',
      // When the keyboard closes, the terminal closes too and hangs up.
      wait('got SIGTERM'),
    ].join('; ');
    // Use only one shell, replaced by the command: any other shell at this terminal would end on Ctrl-\ first, and the
    // terminal of a dead leader hangs up.
    const command = 'echo \\$\\$ > pid; exec $NODE $MAIN run $NODE server.js';
    const line = `touch shown; { ${keys}; } | script -qfec "${command}" shown`;
    const { stdout } = await shell(line, { cwd: programFolder(), env: { SHELL: '/bin/sh' } });
    const got = stdout.split(/\r?\n/).filter((text) => text.includes('got '));
    expect(got.map((text) => text.replace(/.*got /, ''))).toEqual(['SIGINT', 'SIGQUIT', 'SIGTERM']);
  });
});

describe('a program that cannot be started: status 1 and one line', () => {
  test.each<[string[], string]>([
    [['no-such-program'], 'no-such-program: command not found'],
    [['/'], '/: permission denied'],
    [['a\u001b[2Jb'], 'a\\u001b[2Jb: command not found'],
  ])('%j', async (command, line) => {
    expect(await heapray(['run', ...command])).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: `heapray: ${line}\n`,
    });
  });

  test('for a script without node', async () => {
    const script = fileWith('', 'app.js');
    expect(await heapray(['run', script])).toMatchObject({
      status: 1,
      stderr: `heapray: ${script}: is not a program; start it with: heapray run node ${script}\n`,
    });
  });
});

test('an invalid setting does not prevent the program from starting', async () => {
  const { status, stdout, stderr } = await runCode('console.log(1)', { HEAPRAY_CPU_BUDGET: '2' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '1\n' });
  expect(stderr).toMatch(/HEAPRAY_CPU_BUDGET: '2' is not allowed; use [^\n]+; the default is used/);
});
