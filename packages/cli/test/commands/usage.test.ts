// Help, version, wrong usage, and the command in a shell.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../../../test/support/run-command.js';
import { shell } from '../support/heapray.js';
import { heapray } from '../support/loaded-heapray.js';
import { SHOP_HEAPPROFILE, shopPprof } from '../support/sample-files.js';

test('--version prints the version of the package', async () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  expect(await heapray(['--version'])).toEqual({
    status: 0,
    signal: null,
    stdout: `${version}\n`,
    stderr: '',
  });
});

describe('help', () => {
  test.each([
    '',
    'run',
    'config',
    'stats',
    'top',
    'convert',
    'diff',
    'flamegraph',
    'lifetimes',
    'live',
    'attach',
    'parse',
    'retainers',
    'watch',
  ])('of %j', async (command) => {
    const { status, stdout, stderr } = await heapray([command, '--help'].filter(Boolean));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot(`../golden/help-${command || 'help'}.txt`);
  });

  test('without a command is printed to stderr, and the status is 2', async () => {
    const { status, stdout, stderr } = await heapray([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: heapray /);
  });
});

describe('wrong usage: status 2 and one line', () => {
  test.each<[string[], string]>([
    [['frobnicate'], "heapray: unknown command 'frobnicate'"],
    [['--frobnicate'], "heapray: unknown option '--frobnicate'"],
    [['top'], "heapray: missing required argument 'file'"],
    [['parse', 'a', 'b'], "heapray: too many arguments for 'parse'. Expected 1 argument but got 2: a, b."],
    [
      ['top', 'a', '-n', '0'],
      "heapray: option '-n, --rows <count>' argument '0' is invalid. Must be a positive integer.",
    ],
    [
      ['top', 'a', '--group', 'colour'],
      "heapray: option '--group <kind>' argument 'colour' is invalid. Allowed choices are function, file, package, component, thread, allocator, kind, process, native.",
    ],
    [['convert', 'a'], "heapray: required option '-o, --output <file>' not specified"],
    [
      ['convert', 'a', '-o', 'b.svg'],
      'heapray: -o b.svg: its name does not tell the format; say --to pprof or memray or otlp or otlp-json or json or folded or heapprofile',
    ],
    [
      ['convert', 'a', '-o', '-'],
      'heapray: -o -: its name does not tell the format; say --to pprof or memray or otlp or otlp-json or json or folded or heapprofile',
    ],
    [
      ['convert', 'a', '-o', 'b.json', '--by', 'alloc'],
      'heapray: --by is for formats that hold one column; json holds them all',
    ],
    [
      ['convert', 'a', '-o', 'b', '--to', 'svg'],
      "heapray: option '--to <format>' argument 'svg' is invalid. Allowed choices are pprof, memray, otlp, otlp-json, json, folded, heapprofile.",
    ],
    [['run'], "heapray: missing required argument 'command'"],
    [['run', '--frobnicate', 'node'], "heapray: unknown option '--frobnicate'"],
    [['run', '-o', 'a.bin', 'node'], 'heapray: -o needs --deep or --exact, which write the capture'],
    [['run', '--aggregate', 'node'], 'heapray: --aggregate needs --deep or --exact, which write the capture'],
    [
      ['run', '--deep', '-o', '-', 'node'],
      'heapray: -o -: standard output belongs to the program; name a file',
    ],
    [
      ['run', '--deep', '-o', 'a.bin', '--home', 'b', 'node'],
      'heapray: -o and --home both say where the capture goes; use one',
    ],
    [
      ['run', '--component', 'a/b', 'node'],
      "heapray: --component: 'a/b' is not allowed; use 1 to 80 characters, without / \\ , or control characters",
    ],
  ])('%j', async (args, line) => {
    expect(await heapray(args)).toEqual({ status: 2, signal: null, stdout: '', stderr: `${line}\n` });
  });
});

describe('standard output', () => {
  test('a reader that closes early ends the command quietly', async () => {
    // The first exit status of the pipe.
    const line = 'heapray convert "$FILE" -o - --to json | head -c 1; echo " $PIPESTATUS"';
    const { stdout, stderr } = await shell(line, { env: { FILE: SHOP_HEAPPROFILE } });
    expect({ stdout, stderr }).toEqual({ stdout: '{ 0\n', stderr: '' });
  });

  test('a closed reader ends the command quietly', async () => {
    const line = '{ sleep 1; heapray top "$FILE"; echo "$?" >&2; } | true';
    const { stderr } = await shell(line, { env: { FILE: shopPprof() } });
    expect(stderr).toBe('0\n');
  });

  test('a full disk is reported in one line', async () => {
    const { status, stderr } = await shell('heapray top "$FILE" > /dev/full', { env: { FILE: shopPprof() } });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'heapray: standard output: no space left on device\n',
    });
  });

  test('a closed stderr is ignored', async () => {
    const { status } = await shell('{ sleep 1; heapray top /nowhere; } 2>&1 | true; exit "$PIPESTATUS"');
    expect(status).toBe(1);
  });
});

test('an unsupported Node is reported in one line', async () => {
  const module = fileURLToPath(new URL('../../dist/supported-node.js', import.meta.url));
  const script = `import(${JSON.stringify(module)}).then((m) => m.requireSupportedNode('20.19.0'))`;
  const { status, stderr } = await runCommand(process.execPath, ['-e', script]);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'heapray: needs Node 22.15 or newer; this is 20.19.0\n',
  });
});
