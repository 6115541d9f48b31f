// Captures with damage after the header: a result up to the damage, one line with its position, and status 0, or 1 with
// --strict. Never a stack trace or an incomplete file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type FrameHandle, MemrayWriter } from '@heapray/exporter/memray';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../../../test/support/run-command.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { captureFile } from '../support/captures.js';
import { MAIN } from '../support/heapray.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith } from '../support/sample-files.js';

/** Records before the damage, with an allocation of 5 bytes. */
const BEFORE = '02 05 01 0c 01 00 00 00 00 00 00 00 fe 02 05';
/** A module that makes a process print its maximum resident memory in KiB when it exits. */
const TELLS_MEMORY = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('resident ' + process.resourceUsage().maxRSS + '\\n'))",
)}`;
const MAX_64 = 'ff ff ff ff ff ff ff ff ff 01';
const HEADER = headerBytes();
/** Damage in the meaning of a record and not in its bytes: `parse` prints such records unchanged. */
const MEANT = /popped|impossible size/;

describe('a result up to the damage', () => {
  test.each<[string, string, string]>([
    ['more pops than pushes', '41 00 00 11', 'more frames are popped than were pushed'],
    ['an unknown allocator', 'f8 02 10 05', 'unknown allocator 16'],
    ['an unknown record', '03', 'unknown record type 0x03'],
    ['a size of 2^64 - 1', `fe 02 ${MAX_64}`, 'an impossible size 18446744073709552000'],
    ['a number beyond 64 bits', `fe 02 ${'ff '.repeat(11)}`, 'a number of more than 64 bits'],
    [
      'a line table of 2^64 - 1 bytes',
      `0e 00 61 00 62 00 02 ${MAX_64} 00 01`,
      'the file ends inside a record',
    ],
    ['a name without end', `0a ${'61 '.repeat(100)}`, 'the file ends inside a record'],
  ])('%s', async (_, records, reason) => {
    const file = fileWith(captureOf(`${BEFORE} ${records}`), 'a.bin');
    const offset = HEADER.length + hex(BEFORE).length + (records.startsWith('41') ? 3 : 0);
    await expectDamage(file, `damaged at byte ${offset} of the capture: ${reason}`, !MEANT.test(reason));
  });

  test('accepts a time, resident memory and thread ID of 2^64 - 1', async () => {
    const odd = `02 ${MAX_64} ${MAX_64} 0c ff ff ff ff ff ff ff ff fe 02 05 01`;
    const file = fileWith(captureOf(`${BEFORE} ${odd}`), 'a.bin');
    const { status, stdout, stderr } = await heapray(['stats', '--json', file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ total_num_allocations: 2, total_bytes_allocated: 10 });
  });

  test('replaces names that are not valid UTF-8', async () => {
    const named = '0a ff fe 61 00 0e 00 c3 28 00 2f ed a0 80 00 02 02 e8 00 41 00 00 fe 02 07 01';
    const file = fileWith(captureOf(`${BEFORE} ${named}`), 'a.bin');
    const { status, stdout, stderr } = await heapray(['stats', '--json', file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('\ufffd(:/\ufffd');
    const output = path.join(tempFolder(), 'a.json');
    expect(await heapray(['convert', file, '-o', output])).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(output, 'utf8')).toContain('\ufffd');
  });

  test('reports a damaged LZ4 block', async () => {
    const bytes = Uint8Array.from(readFileSync(captureFile('threads.v13.bin')));
    // The length of the first block follows the seven bytes of the frame header.
    bytes.set([0xff, 0xff, 0xff, 0x00], 7);
    const stored = HEADER.length + hex(BEFORE).length;
    const first = captureOf(BEFORE);
    const frame = [
      0x04,
      0x22,
      0x4d,
      0x18,
      0x60,
      0x40,
      0x82,
      stored,
      0,
      0,
      0x80,
      ...first,
      0xff,
      0xff,
      0xff,
      0,
    ];
    await expectDamage(
      fileWith(Uint8Array.from(frame), 'a.bin'),
      `damaged at byte ${11 + stored} of the compressed file: an LZ4 block that is too large`,
    );
    expect(await heapray(['stats', fileWith(bytes, 'b.bin')])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^heapray: \/.*b\.bin: lz4: an LZ4 block that is too large at byte 7\n$/),
    });
  });

  test('needs no more memory for an LZ4 bomb than for any capture', async () => {
    // A thread name of 200 bytes, and a match that repeats it up to nearly 64 KiB.
    const block = hex(`ff bb 0a ${'61 '.repeat(200)} 00 ca 00 ${'ff '.repeat(255)} ca 00`);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(block.length);
    const first = captureOf(BEFORE);
    const stored = Buffer.alloc(4);
    stored.writeUInt32LE((0x8000_0000 | first.length) >>> 0);
    const bombOf = (count: number) => {
      const blocks = new Array<Uint8Array>(count).fill(Buffer.concat([length, block]));
      return Buffer.concat([hex('04 22 4d 18 60 40 82'), stored, first, ...blocks, Buffer.alloc(4)]);
    };
    const mebibytesFor = async (count: number): Promise<number> => {
      const file = fileWith(bombOf(count), 'a.bin');
      const env = { NODE_OPTIONS: `--max-old-space-size=200 --import=${TELLS_MEMORY}` };
      const { status, stderr } = await heapray(['stats', '--json', file], { env });
      expect({ status, lines: stderr.split('\n').length }).toEqual({ status: 0, lines: 3 });
      return Number(/^resident (\d+)$/m.exec(stderr)?.[1]) / 1024;
    };
    // Decompressed they are 7 and 260 MB.
    expect(await mebibytesFor(4000)).toBeLessThan((await mebibytesFor(100)) + 120);
  });
});

test('uses the available data of a capture that shrinks while it is read', async () => {
  const file = fileWith(largeCapture(), 'a.bin');
  const child = spawn(process.execPath, [MAIN, 'parse', '--strict', file]);
  const stderr = text(child.stderr);
  const ended = once(child, 'close');
  // The command cannot continue before its output is read, and it reads ahead less than the remaining data.
  await once(child.stdout, 'readable');
  truncateSync(file, 5 * 2 ** 20 + 1);
  child.stdout.resume();
  expect(await ended).toEqual([1, null]);
  expect(await stderr).toMatch(/^heapray: [^\n]*(has no end|ends inside a record)[^\n]*\n$/);
});

test('converts a capture that disappears as far as it was available', async () => {
  const file = fileWith(largeCapture(), 'a.bin');
  const child = spawn(process.execPath, [MAIN, 'convert', file, '--to', 'memray', '-o', '-']);
  const stderr = text(child.stderr);
  const ended = once(child, 'close');
  await once(child.stdout, 'readable');
  truncateSync(file, 0);
  child.stdout.resume();
  expect(await ended).toEqual([0, null]);
  expect(await stderr).toMatch(/^heapray: [^\n]*(has no end|ends inside a record)[^\n]*\n$/);
});

test.runIf(process.getuid?.() === 0)('reports a capture of another user', async () => {
  const file = fileWith(captureOf(BEFORE), 'a.bin');
  chmodSync(path.dirname(file), 0o755);
  chmodSync(file, 0o600);
  const output = path.join(tempFolder(), 'a.pb');
  for (const args of [
    ['stats', file],
    ['convert', file, '-o', output],
  ]) {
    const result = await asNobody(args);
    expect(result).toMatchObject({ status: 1, stdout: '', stderr: `heapray: ${file}: permission denied\n` });
  }
  expect(readdirSync(path.dirname(output))).toEqual([]);
});

/** Runs heapray as a user without any files. */
function asNobody(args: readonly string[]) {
  const as = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  return runCommand('setpriv', [...as, process.execPath, MAIN, ...args]);
}

/** Expects all commands to report damage in one line, with a status that --strict makes 1. */
async function expectDamage(file: string, complaint: string, parseSeesIt = true): Promise<void> {
  const folder = tempFolder();
  const commands = [
    ['stats', file],
    ...(parseSeesIt ? [['parse', file]] : []),
    ['top', file],
    ['convert', file, '-o', path.join(folder, 'a.pb')],
    ['convert', file, '-o', path.join(folder, 'a.bin')],
  ];
  for (const command of commands) {
    const [plain, strict] = await Promise.all([heapray(command), heapray([...command, '--strict'])]);
    expect(plain.stderr).toMatch(/^[^\n]*; what comes before it is used\n$/);
    expect(plain.stderr.startsWith(`heapray: ${file}: ${complaint}`), plain.stderr).toBe(true);
    expect(plain.status).toBe(0);
    expect(strict).toEqual({ ...plain, status: 1 });
  }
  expect(readdirSync(folder).sort()).toEqual(['a.bin', 'a.pb']);
  const { stdout } = await heapray(['stats', '--json', file]);
  expect(JSON.parse(stdout)).toMatchObject({ total_bytes_allocated: 5, heapray: { complete: false } });
}

function headerBytes(): Uint8Array {
  const writer = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: 1_700_000_000_000 });
  const header = writer.bytesEncoded;
  writer.memoryRecord(1, 0);
  return writer.take().subarray(0, header);
}

/** Returns a capture of these records, given as a hex dump. */
function captureOf(records: string): Uint8Array {
  return Buffer.concat([HEADER, hex(records)]);
}

function hex(dump: string): Uint8Array {
  return Buffer.from(dump.replace(/\s/g, ''), 'hex');
}

/** Returns a capture larger than the data that is read ahead. */
function largeCapture(): Uint8Array {
  const writer = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: 1_700_000_000_000 });
  const frame: FrameHandle = writer.frame('f', 'f.js', 1);
  const stack = writer.stack(undefined, frame);
  for (let at = 1; writer.bytesEncoded < 8 * 2 ** 20; at += 1) {
    writer.allocation(1, ((at * 0x9e3779b0) % 2 ** 40) & ~7, 2 ** 20 + (at % 1000), stack);
  }
  writer.finish(1, 1_700_000_000_001);
  return writer.take();
}
