// A command never exceeds its limits, and leaves no files, however it ends.
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodePprof } from '@heapray/exporter/pprof';
import { ProfileBuilder } from '@heapray/exporter/profile';
import { beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../../../test/support/poll.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray, MAIN } from '../support/heapray.js';
import { fileWith, shopProfile } from '../support/sample-files.js';

/** A pprof with an unknown field many times, nearly as long as is read: work without memory. */
const IDLE_WORK = gzipSync(
  Buffer.concat([
    encodePprof(shopProfile()),
    Buffer.alloc(2 ** 28 - 2 ** 20, Uint8Array.of(0x98, 0x06, 0x01)),
  ]),
);
/** Processor time for a start on a busy machine, before which a message has no file. The work takes more. */
const SECONDS = '2';

/** Returns a profile with samples of many stacks, each of which takes memory. */
function wide(stacks: number): Uint8Array {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  for (let at = 0; at < stacks; at++)
    builder.add(builder.stack(undefined, builder.frame('f', '/a.js', at)), [1]);
  return encodePprof(builder.build());
}

describe('bounds', () => {
  test('of time: one line, status 1, no file', async () => {
    const file = fileWith(IDLE_WORK, 'idle.pb.gz');
    const folder = tempFolder();
    for (const command of [['top'], ['convert', '-o', path.join(folder, 'out.json')], ['diff', file]]) {
      const { status, stdout, stderr } = await heapray([...command, file, '--max-seconds', SECONDS]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(
        /^heapray: \/.*idle\.pb\.gz: needs more than 2 s, the limit for an input of [\d.]+ KiB \(\d+ bytes were read\); --max-seconds allows more\n$/,
      );
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test('of memory: one line, status 1, no file', async () => {
    const file = fileWith(wide(400_000), 'wide.pb');
    const folder = tempFolder();
    const output = path.join(folder, 'out.json');
    const result = await heapray(['convert', file, '-o', output, '--max-memory=160']);
    expect(result).toMatchObject({ status: 1, signal: null, stdout: '' });
    expect(result.stderr).toMatch(
      /^heapray: \/.*wide\.pb: needs more than 160\.0 MiB of memory, the limit for an input of [\d.]+ MiB \(\d+ bytes were read\); --max-memory allows more\n$/,
    );
    expect(readdirSync(folder)).toEqual([]);
    expect((await heapray(['convert', file, '-o', output])).status).toBe(0);
  });

  test('reject invalid values as wrong usage', async () => {
    const { status, stderr } = await heapray(['top', fileWith(''), '--max-memory', 'all']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^heapray: option '--max-memory <MiB>' argument 'all' is invalid\./);
  });

  test('also apply to standard input', async () => {
    const result = await heapray(['top', '-', '--max-seconds', SECONDS], { input: IDLE_WORK });
    expect(result).toMatchObject({ status: 1, signal: null, stdout: '' });
    expect(result.stderr).toMatch(/^heapray: standard input: needs more than 2 s, .*\n$/);
  });
});

test('running out of heap gives one line and status 1 instead of an abort', async () => {
  const folder = tempFolder();
  const hungry = path.join(folder, 'hungry.mjs');
  writeFileSync(hungry, 'let kept; for (;;) kept = { kept };');
  const runner = path.join(folder, 'runner.mjs');
  const supervise = new URL('../../dist/start/supervise.js', import.meta.url);
  writeFileSync(
    runner,
    `import { supervise } from '${supervise}';
    process.exitCode = await supervise({ args: [], script: new URL('${pathToFileURL(hungry)}'), heapMib: 40 });`,
  );
  const result = await runCommand(process.execPath, [runner]);
  expect(result).toMatchObject({ status: 1, signal: null, stdout: '' });
  expect(result.stderr).toMatch(/^heapray: needs more than [^\n]* of memory, [^\n]*\n$/);
});

describe('temporary files', () => {
  const TEMPORARY = /^\.heapray-[0-9a-f]{8}-\d+-\d+-[0-9a-f]{8}\.tmp$/;
  let input: string;
  beforeAll(() => {
    input = fileWith(wide(300_000), 'wide.pb');
  });
  /** Waits until the command has started to write its file. */
  const begun = (folder: string) =>
    pollUntil(() => readdirSync(folder).some((name) => TEMPORARY.test(name)), {
      what: 'a temporary file',
      everyMillis: 1,
    });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGXCPU'] as const)('are removed after %s', async (signal) => {
    const endWhileItWrites = async () => {
      const folder = tempFolder();
      const output = path.join(folder, 'out.json');
      const command = startNode({ args: [MAIN, 'convert', input, '-o', output] });
      await begun(folder);
      const end = await command.stop(signal);
      if (end.signal === null) expect(readdirSync(folder)).toEqual(['out.json']);
      else {
        expect(end).toEqual({ status: null, signal });
        expect(readdirSync(folder).filter((name) => name !== 'out.json')).toEqual([]);
      }
      // On a busy machine the signal may come too late: then the command ended normally.
      return end.signal !== null;
    };
    await pollUntil(endWhileItWrites, { what: 'a signal that comes in time' });
  });

  test('of a killed command are removed by the next one', async () => {
    const folder = tempFolder();
    const output = path.join(folder, 'out.json');
    const killWhileItWrites = async () => {
      const command = startNode({ args: [MAIN, 'convert', input, '-o', output] });
      await begun(folder);
      await command.stop('SIGKILL');
      return readdirSync(folder).some((name) => TEMPORARY.test(name));
    };
    await pollUntil(killWhileItWrites, { what: 'a file that was left behind' });
    expect((await heapray(['convert', input, '-o', output])).status).toBe(0);
    expect(readdirSync(folder)).toEqual(['out.json']);
  });

  test('of others are kept', async () => {
    const folder = tempFolder();
    const start = readFileSync(`/proc/${process.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[19];
    const elsewhere = `.heapray-00000000-1-1-00000000.tmp`;
    const old = `.heapray-00000000-1-1-00000001.tmp`;
    const names = [elsewhere, old, '.heapray-notes.tmp', `.heapray-${start}.tmp`];
    for (const name of names) writeFileSync(path.join(folder, name), '');
    utimesSync(path.join(folder, old), 0, 0);
    const output = path.join(folder, 'out.json');
    expect((await heapray(['convert', fileWith(encodePprof(shopProfile())), '-o', output])).status).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([...names.filter((name) => name !== old), 'out.json'].sort());
    expect(statSync(output).size).toBeGreaterThan(0);
    expect(existsSync(path.join(folder, old))).toBe(false);
  });
});
