// Compressed captures and profiles, and pipes: they must be read like plain files.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { RecordPrinter, RecordStream } from '@heapray/exporter/memray';
import { encodePprof } from '@heapray/exporter/pprof';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { captureFile } from '../support/captures.js';
import { shell, heapray as start } from '../support/heapray.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith, SHOP_HEAPPROFILE, shopProfile } from '../support/sample-files.js';

const capture = readFileSync(captureFile('uncompressed.v13.bin'));
const inLz4 = readFileSync(captureFile('threads.v12.bin'));
/** A skippable frame of zstd, as pzstd writes it first. */
const SKIPPED = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4);

/** Start of a frame with a window of 128 KiB. */
const FRAME_HEADER = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38);
const BLOCK_BYTES = 2 ** 17;
/** Type of a block that repeats one byte. */
const RLE_BLOCK = 2;
/** A record that frees the newest address in the cache. */
const FREED = 0x81;

type Command = readonly string[];

/** Returns the output of commands for a file as text. Expects success and no messages. */
function outcomes(bytes: Uint8Array, commands: readonly Command[]): Promise<string[]> {
  const file = fileWith(bytes);
  const results = commands.map(async ([command = '', ...options]) => {
    const { status, stdout, stderr } = await heapray([command, file, ...options]);
    expect({ status, stderr }, command).toEqual({ status: 0, stderr: '' });
    return stdout.replaceAll(file, 'FILE');
  });
  return Promise.all(results);
}

const TO_MEMRAY: Command = ['convert', '-o', '-', '--to', 'memray', '--memray-format', '12'];

function halves(bytes: Uint8Array, compress: (half: Uint8Array) => Uint8Array): Uint8Array {
  const middle = bytes.length >> 1;
  return Buffer.concat([compress(bytes.subarray(0, middle)), compress(bytes.subarray(middle))]);
}

describe.each<[string, (bytes: Uint8Array) => Uint8Array]>([
  ['gzip', gzipSync],
  ['gzip in two members', (bytes) => halves(bytes, gzipSync)],
  ['zstd', (bytes) => zstdCompressSync(bytes)],
  [
    'zstd in two frames, after a skippable one',
    (bytes) => Buffer.concat([SKIPPED, halves(bytes, zstdCompressSync)]),
  ],
  ['zstd in gzip', (bytes) => gzipSync(zstdCompressSync(bytes))],
])('%s', (_, compress) => {
  test.each<[string, Uint8Array, Command]>([
    ['a capture', capture, TO_MEMRAY],
    ['a capture in LZ4', inLz4, ['stats', '--json']],
    ['a pprof', encodePprof(shopProfile()), ['top', '--json']],
  ])('%s', async (_name, bytes, command) => {
    expect(await outcomes(compress(bytes), [command])).toEqual(await outcomes(bytes, [command]));
  });
});

test('every command accepts compressed input', async () => {
  const ofCaptures: Command[] = [['top'], ['parse'], ['convert', '-o', '-', '--to', 'folded']];
  expect(await outcomes(gzipSync(capture), ofCaptures)).toEqual(await outcomes(capture, ofCaptures));
  const ofProfiles: Command[] = [['top'], ['convert', '-o', '-', '--to', 'json']];
  const profile = readFileSync(SHOP_HEAPPROFILE);
  expect(await outcomes(zstdCompressSync(profile), ofProfiles)).toEqual(await outcomes(profile, ofProfiles));
});

describe('reports in one line', () => {
  const complaint = async (content: Uint8Array, command = 'top', ...options: readonly string[]) => {
    const file = fileWith(content);
    const { status, stdout, stderr } = await heapray([command, file, ...options]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*\n$/);
    return stderr.replace(`heapray: ${file}: `, '').trim();
  };

  test.each<[string, number[], string]>([
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz -dc FILE | heapray ... -'],
    ['bzip2', [0x42, 0x5a, 0x68, 0x39], 'bzip2 -dc FILE | heapray ... -'],
    ['zip', [0x50, 0x4b, 0x03, 0x04], 'unzip -p FILE | heapray ... -'],
  ])('%s', async (name, magic, command) => {
    const line = `is compressed with ${name}, which is not read; pipe it in: ${command}`;
    for (const reading of ['top', 'stats', 'parse']) {
      expect(await complaint(Uint8Array.from([...magic, ...new Uint8Array(99)]), reading)).toBe(line);
    }
  });

  test('empty gzip or zstd data', async () => {
    expect(await complaint(gzipSync(''), 'stats')).toBe('the gzip data is empty');
    expect(await complaint(zstdCompressSync(''), 'stats')).toBe('the zstd data is empty');
  });

  test('text in zstd', async () => {
    expect(await complaint(zstdCompressSync('hello, world'), 'stats')).toBe('not a memray capture');
    expect(await complaint(zstdCompressSync('hello, world'))).toMatch(/^no profile that is known/);
  });

  test('a truncated pprof in zstd', async () => {
    const zipped = zstdCompressSync(encodePprof(shopProfile()));
    expect(await complaint(zipped.subarray(0, -9))).toMatch(/^the zstd data is cut off$|^pprof: cut off/);
  });

  test('too many nested compressions', async () => {
    const zipped = [1, 2, 3, 4].reduce<Uint8Array>((bytes) => gzipSync(bytes), capture);
    expect(await complaint(zipped)).toBe('is compressed more than 3 times over');
  });

  test('a few bytes that expand to gigabytes of records', async () => {
    const line =
      /^needs more than 3 s, the limit for an input of [\d.]+ MiB \(\d+ bytes were read\); --max-seconds/;
    // More time than the start takes on a slow machine: the message has no file before the command reads it.
    expect(await complaint(bomb(), 'stats', '--max-seconds', '3')).toMatch(line);
  });
});

test('uses the data before the end of a truncated compressed capture', async () => {
  for (const zipped of [gzipSync(capture), halves(capture, zstdCompressSync), gzipSync(inLz4)]) {
    const file = fileWith(zipped.subarray(0, zipped.length * 0.8));
    const { status, stdout, stderr } = await heapray(['stats', '--json', file]);
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(
      /: damaged at byte \d+ of the capture: the (?:gzip|zstd) data is cut off; what comes/,
    );
    const { heapray: own } = JSON.parse(stdout) as { heapray: { damage: object; complete: boolean } };
    expect(own).toMatchObject({ complete: false, damage: { compressed: false } });
    expect(await heapray(['stats', '--json', '--strict', file])).toMatchObject({ status: 1, stdout });
  }
});

describe('pipes', () => {
  const env = { FILE: fileWith(capture), ZIPPED: fileWith(gzipSync(capture)) };
  const plain = async (command: string) => (await heapray([command, env.FILE])).stdout;

  test.each([
    ['process substitution', 'heapray stats <(cat "$FILE")'],
    ['process substitution, gzipped', 'heapray stats <(cat "$ZIPPED")'],
    ['a writer that has ended', 'exec 9< <(cat "$ZIPPED"); sleep 1; heapray stats /dev/fd/9'],
    ['/dev/stdin', 'cat "$FILE" | heapray stats /dev/stdin'],
    ['/dev/stdin, a file', 'heapray stats /dev/stdin < "$ZIPPED"'],
    ['standard input, gzipped', 'cat "$ZIPPED" | heapray stats -'],
    ['a FIFO', 'mkfifo p; cat "$FILE" > p & heapray stats p'],
    [
      'a FIFO with a slow writer',
      'mkfifo p; { head -c 99 "$FILE"; sleep 1; tail -c +100 "$FILE"; } > p & heapray stats p',
    ],
  ])('%s', async (_, line) => {
    const cwd = tempFolder();
    const run = line.replace('mkfifo p', `mkfifo p 2>/dev/null`);
    expect(await shell(run, { env, cwd })).toMatchObject({
      status: 0,
      stderr: '',
      stdout: await plain('stats'),
    });
  });

  // The second close shows only when another thread opens a file in that moment: then Node aborts, or a file is closed.
  test('the thread that reads a FIFO does not close its descriptor once more at its end', async () => {
    const preload = path.join(tempFolder(), 'workers.cjs');
    writeFileSync(
      preload,
      `const { syncBuiltinESMExports } = require('node:module');
      const threads = require('node:worker_threads');
      threads.Worker = class extends threads.Worker {
        constructor(file, options) {
          super(file, options);
          console.error('closes what is open at its end:', options.trackUnmanagedFds ?? true);
        }
      };
      syncBuiltinESMExports();`,
    );
    const all = { ...env, NODE_OPTIONS: `--require=${preload}` };
    const run = 'mkfifo p; cat "$FILE" > p & heapray stats p';
    expect(await shell(run, { env: all, cwd: tempFolder() })).toMatchObject({
      status: 0,
      stderr: 'closes what is open at its end: false\n',
    });
  });

  test('reads standard input that is a socket, by its path', async () => {
    const { status, stdout } = await start(['top', '/dev/stdin'], { input: capture });
    expect({ status, stdout }).toEqual({ status: 0, stdout: await plain('top') });
  });

  test('reads two at a time', async () => {
    const { status, stdout } = await shell('heapray diff <(cat "$FILE") <(cat "$ZIPPED")', { env });
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('nothing changed'),
    });
  });

  test('reports an empty one', async () => {
    const { status, stderr } = await shell('heapray stats <(true)', { env });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^heapray: \/dev\/fd\/\d+: the input is empty\n$/);
  });

  test('reports a FIFO without a writer', async () => {
    const cwd = tempFolder();
    execFileSync('mkfifo', [path.join(cwd, 'p')]);
    expect(await heapray(['stats', 'p'], { cwd })).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: 'heapray: p: is a pipe; give it as standard input and write - for the file\n',
    });
  });
});

/** Returns a capture that frees one address 34 billion times, in 1 MiB of zstd. */
function bomb(): Uint8Array {
  const stream = new RecordStream(new RecordPrinter(() => {}));
  stream.push(capture.subarray(0, 4096));
  const block = (isLast: boolean): Uint8Array => {
    const bytes = Buffer.alloc(4, FREED);
    bytes.writeUIntLE((BLOCK_BYTES << 3) | RLE_BLOCK | Number(isLast), 0, 3);
    return bytes;
  };
  const blocks = Array.from({ length: 2 ** 18 }, (_, at) => block(at === 2 ** 18 - 1));
  const start = zstdCompressSync(capture.subarray(0, stream.offset));
  return Buffer.concat([start, FRAME_HEADER, ...blocks]);
}
