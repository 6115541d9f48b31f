// `heapray run --deep`: captures, their location, and that memray can open them.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { analyzeMemray } from '@heapray/exporter/memray';
import { describe, expect, test } from 'vitest';
import { allocationsIn } from '../../../../test/support/allocations-in.js';
import { describeWithPeer, peerTest } from '../../../../test/support/peer-test.js';
import { nodeBinary } from '../../../../test/support/peers.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { runMemray } from '../../../../test/support/run-memray.js';
import { startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray, MAIN } from '../support/heapray.js';
import { programFolder } from '../support/programs.js';

const NODE = process.execPath;
const QUIET = { HEAPRAY_DEBUG_ADDR: 'off', OTEL_METRICS_EXPORTER: 'none' };
/** For programs that search `node` themselves. */
const NODE_FIRST = { PATH: `${path.dirname(NODE)}${path.delimiter}${process.env.PATH}` };

/** Returns the command's own lines about captures, without output of the program's processes. */
function report(stderr: string): string[] {
  return stderr.split('\n').flatMap((line) => /^heapray: (capture: .*|no capture .*)/.exec(line)?.[1] ?? []);
}

/** Returns whether a file is a capture, by its first bytes. */
function isCapture(file: string): boolean {
  return readFileSync(file).subarray(0, 7).toString('latin1') === 'memray\0';
}

/** Returns memray's report of the functions that hold memory at the end. */
async function leaks(file: string): Promise<string> {
  const csv = path.join(tempFolder(), 'table.html');
  const args = ['table', '--leaks', '-o', csv, file];
  const { status, stderr } = await runMemray('1.20.0', args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  return readFileSync(csv, 'utf8');
}

describe('without -o', () => {
  test('the capture is in the home folder, and its path is the last line', async () => {
    const folder = programFolder();
    const { status, stdout, stderr } = await heapray(['run', '--deep', NODE, 'shop.js'], { cwd: folder });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    const file = path.join(folder, 'heapray', 'shop_memory.bin');
    expect(stderr).toMatch(/capture: [^\n]+\n$/);
    expect(report(stderr)).toEqual([expect.stringMatching(/^capture: .* \(\d+\.\d KiB\)$/)]);
    expect(report(stderr)[0]).toContain(`capture: ${file} (`);
    expect(isCapture(file)).toBe(true);
  });

  test('--component and --home name the file, and captures of earlier runs are not reported again', async () => {
    const folder = programFolder();
    const args = ['run', '--deep', '--component', 'my shop', '--home', 'dumps', NODE, 'shop.js'];
    for (const files of [1, 2]) {
      const { stderr } = await heapray(args, { cwd: folder });
      expect(report(stderr)).toEqual([expect.stringContaining(`${folder}/dumps/my_shop_memory.bin (`)]);
      expect(readdirSync(path.join(folder, 'dumps'))).toHaveLength(files);
    }
  });

  test('with --exact the capture holds every allocation, and says so', async () => {
    const folder = programFolder();
    const { status, stderr } = await heapray(['run', '--exact', NODE, 'shop.js'], { cwd: folder });
    expect(status).toBe(0);
    expect(stderr).toContain('exact mode: every allocation of the main thread is recorded');
    const capture = readFileSync(path.join(folder, 'heapray', 'shop_memory.bin'));
    // On a busy machine, V8 may collect between two polls. Then both say how many allocations were missed.
    const [, missed = '0'] = /exact mode: \d+ allocations recorded(?: and none missed|, and (\d+) more)/.exec(
      stderr,
    )!;
    expect(capture.toString('latin1')).toMatch(
      new RegExp(
        `exact: every allocation of the main thread, +${missed} of them without stack; scope: process;`,
      ),
    );
    // V8 allocates an array of 10,000 elements at once, some with 16 bytes for its feedback.
    const sizes = allocationsIn(capture).functions.get('remember');
    expect((sizes?.get(80_048) ?? 0) + (sizes?.get(80_064) ?? 0)).toBe(200);
  });

  test('with --exact --aggregate the capture holds exact sums by stack', async () => {
    const folder = programFolder();
    const { status, stderr } = await heapray(['run', '--exact', '--aggregate', NODE, 'shop.js'], {
      cwd: folder,
    });
    expect(status, stderr).toBe(0);
    const sums = analyzeMemray([readFileSync(path.join(folder, 'heapray', 'shop_memory.bin'))]);
    expect(sums.header).toMatchObject({ fileFormat: 'AGGREGATED_ALLOCATIONS' });
    expect(sums.header?.commandLine).toContain('exact: every allocation of the main thread');
    const kept = sums
      .leaks()
      .filter((record) => sums.locations(record)[0]?.functionName === 'remember')
      .reduce((sum, { count, bytes }) => ({ count: sum.count + count, bytes: sum.bytes + bytes }), {
        count: 0,
        bytes: 0,
      });
    // 200 arrays and as many objects, and the list of them.
    expect(kept.count).toBeGreaterThanOrEqual(401);
    expect(kept.count).toBeLessThan(450);
    expect(kept.bytes).toBeGreaterThan(200 * 80_048);
    expect(kept.bytes).toBeLessThan(200 * 80_200);
  });

  test('a program other than Node has no capture, and keeps its status', async () => {
    const { status, stderr } = await heapray(['run', '--deep', 'sh', '-c', 'exit 3'], { cwd: tempFolder() });
    expect(status).toBe(3);
    expect(report(stderr)).toEqual([
      'no capture was written: no Node process of the program was profiled, or none long enough to begin one',
    ]);
  });
});

describe('with -o', () => {
  const run = (folder: string, ...command: readonly string[]) =>
    heapray(['run', '--deep', '-o', 'out/shop.bin', ...command], { cwd: folder, env: NODE_FIRST });

  /** Returns a folder with programs, and an empty `out` in it whose name needs escapes in a URL. */
  const folderWithOut = () => {
    const folder = programFolder();
    execFileSync('mkdir', ['-p', path.join(folder, 'out')]);
    return folder;
  };
  const outputs = (folder: string) => readdirSync(path.join(folder, 'out')).sort();

  test('moves the finished capture there, and replaces an older one', async () => {
    const folder = folderWithOut();
    const file = path.join(folder, 'out', 'shop.bin');
    writeFileSync(file, 'old');
    const { status, stderr } = await run(folder, NODE, 'shop.js');
    expect(status).toBe(0);
    expect(report(stderr)).toEqual([expect.stringContaining(`capture: ${file} (`)]);
    expect(outputs(folder)).toEqual(['shop.bin']);
    expect(isCapture(file)).toBe(true);
  });

  test('with npm start, it is that of the program, and npm is not profiled', async () => {
    const folder = folderWithOut();
    const { status, stderr } = await run(folder, 'npm', 'start');
    expect(status).toBe(0);
    expect(stderr.match(/profiling memory of component/g)).toHaveLength(1);
    expect(outputs(folder)).toEqual(['shop.bin']);
  });

  test('with several processes, it is that of the started one, and the others are beside it', async () => {
    const folder = folderWithOut();
    const { stderr } = await run(folder, NODE, 'starter.js');
    expect(report(stderr)).toHaveLength(2);
    expect(outputs(folder)).toEqual(['shop.bin', expect.stringMatching(/^shop\.bin\.\d+$/)]);
  });

  test('with several processes of a shell, it is the largest', async () => {
    const folder = folderWithOut();
    const { stderr } = await run(folder, 'sh', '-c', `"${NODE}" starter.js; true`);
    const sizes = report(stderr).map((line) => Number(/\((\d+\.\d) KiB\)/.exec(line)?.[1]));
    expect(sizes).toHaveLength(2);
    expect(sizes[0]).toBeGreaterThan(sizes[1]!);
  });

  test('moves the capture of a program that ends by a signal', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const folder = folderWithOut();
      const program = startNode({
        args: [
          MAIN,
          'run',
          '--deep',
          '-o',
          'out/a b %20.bin',
          '--',
          'sh',
          '-c',
          `echo $$ > pid; exec "${NODE}" plain-server.js`,
        ],
        cwd: folder,
        env: QUIET,
      });
      await program.waitForOutput(/ready/);
      // A killed program leaves its unfinished capture.
      await program.waitForOutput(/profiling memory of component/);
      process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')), signal);
      expect(await program.ended).toEqual({ status: null, signal });
      expect(outputs(folder)).toEqual(['a b %20.bin']);
      expect(isCapture(path.join(folder, 'out', 'a b %20.bin'))).toBe(true);
    }
  });

  test('without a capture, success becomes status 1, and a failure keeps its status', async () => {
    const folder = folderWithOut();
    const none =
      'no capture was written: no Node process of the program was profiled, or none long enough to begin one';
    for (const [status, expected] of [
      [0, 1],
      [3, 3],
    ] as const) {
      const result = await run(folder, 'sh', '-c', `exit ${status}`);
      expect(result.status).toBe(expected);
      expect(report(result.stderr)).toEqual([none]);
    }
    expect(outputs(folder)).toEqual([]);
  });

  test.each([
    ['a folder', (folder: string) => rmSync(folder, { recursive: true }), 'no such file or directory'],
    [
      'no folder',
      (folder: string) => execFileSync('mkdir', [path.join(folder, 'shop.bin')]),
      'is a directory',
    ],
    [
      'a pipe',
      (folder: string) => execFileSync('mkfifo', [path.join(folder, 'shop.bin')]),
      'is not a regular file',
    ],
  ])('rejects an impossible path before the program starts: %s', async (_, prepare, reason) => {
    const folder = folderWithOut();
    prepare(path.join(folder, 'out'));
    expect(await run(folder, 'echo', 'started')).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: `heapray: ${path.join(folder, 'out', 'shop.bin')}: ${reason}\n`,
    });
  });

  test('leaves no files when the program cannot be started', async () => {
    const folder = folderWithOut();
    expect(await run(folder, 'no-such-program')).toMatchObject({ status: 1 });
    expect(outputs(folder)).toEqual([]);
  });
});

describeWithPeer('memray', 'memray-1.20.0', () => {
  test('shows the functions that hold memory', async () => {
    const folder = programFolder();
    await heapray(['run', '--deep', '-o', 'shop.bin', NODE, 'shop.js'], { cwd: folder });
    expect(await leaks(path.join(folder, 'shop.bin'))).toContain('remember');
  });
});

describe('on the oldest and the newest Node', () => {
  for (const line of ['22.15', '26'] as const) {
    peerTest(`Node ${line}`, `node-${line}`, async () => {
      const folder = programFolder();
      const node = nodeBinary(line);
      const args = [MAIN, 'run', '--deep', '-o', 'shop.bin', node, 'shop.js'];
      const { status, stderr } = await runCommand(node, args, { cwd: folder, env: QUIET });
      expect(status).toBe(0);
      expect(report(stderr)).toHaveLength(1);
      expect(isCapture(path.join(folder, 'shop.bin'))).toBe(true);
    });
  }
});
