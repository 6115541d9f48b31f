// Captures that cannot be read: status 1, one line with the file, the position and the reason, and never a partial
// file.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  MemrayAnalyzer,
  MemrayConverter,
  MemrayProfiler,
  RecordPrinter,
  RecordStream,
} from '@heapray/exporter/memray';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { captureFile } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith } from '../support/sample-files.js';

const small = readFileSync(captureFile('synthetic/node-demo.v13.bin'));

/** Returns a capture with this format in its header. */
function ofFormat(format: number): Uint8Array {
  const bytes = Uint8Array.from(small);
  bytes[7] = format;
  return bytes;
}

/** Returns the message of all commands that read captures for a file, without its name. */
async function complaint(file: string): Promise<string> {
  const folder = tempFolder();
  const commands = [
    ['stats', file],
    ['stats', '--json', file],
    ['parse', file],
    ['convert', file, '--to', 'memray', '-o', path.join(folder, 'a.bin')],
  ];
  const results = await Promise.all(commands.map((args) => heapray(args)));
  for (const result of results) expect(result).toEqual(results[0]);
  expect(readdirSync(folder)).toEqual([]);
  const { status, stdout, stderr } = results[0]!;
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^[^\n]*\n$/);
  expect(stderr.startsWith(`heapray: ${file}: `), stderr).toBe(true);
  return stderr.slice(`heapray: ${file}: `.length, -1);
}

describe('has a message for', () => {
  test.each<[string, Uint8Array | string, string]>([
    ['empty', '', 'the input is empty'],
    ['the magic alone', small.subarray(0, 7), 'memray: the header is cut at byte 6'],
    ['wrong magic', `memRAY\0${'x'.repeat(100)}`, 'not a memray capture'],
    ['format 10', ofFormat(10), 'memray: capture format 10 is not supported (11, 12, 13 are) at byte 7'],
    ['format 14', ofFormat(14), 'memray: capture format 14 is not supported (11, 12, 13 are) at byte 7'],
    ['LZ4 of nothing', Uint8Array.of(4, 0x22, 0x4d, 0x18), 'lz4: the last LZ4 frame is cut at byte 4'],
    ['a pprof', Uint8Array.of(0x0a, 0x00), 'not a memray capture'],
  ])('%s', async (_, content, reason) => {
    expect(await complaint(fileWith(content, 'a.bin'))).toBe(reason);
  });

  test('a header alone', async () => {
    const header = small.subarray(0, headerBytes());
    expect(await complaint(fileWith(header, 'a.bin'))).toMatch(/^memray: the header is cut at byte \d+$/);
  });

  test('a folder', async () => {
    expect(await complaint(tempFolder())).toBe('is a directory');
  });

  test('a pipe without a writer', async () => {
    const pipe = path.join(tempFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await complaint(pipe)).toBe('is a pipe; give it as standard input and write - for the file');
  });

  test('missing permission', async () => {
    expect(await complaint('/proc/sys/vm/drop_caches')).toBe('permission denied');
  });

  test('a missing file', async () => {
    expect(await complaint(path.join(tempFolder(), 'a.bin'))).toBe('no such file or directory');
  });
});

test('keeps the old file when its replacement cannot be created', async () => {
  const output = fileWith('old', 'out.bin');
  const { status } = await heapray(['convert', fileWith(ofFormat(14), 'a.bin'), '-o', output]);
  expect(status).toBe(1);
  expect(readFileSync(output, 'utf8')).toBe('old');
  expect(readdirSync(path.dirname(output))).toEqual(['out.bin']);
});

test('rejects an input other than a capture', async () => {
  const output = path.join(tempFolder(), 'out.bin');
  const { status, stderr } = await heapray([
    'convert',
    fileWith('{"head":{}}', 'a.heapprofile'),
    '-o',
    output,
  ]);
  expect({ status, exists: existsSync(output) }).toEqual({ status: 1, exists: false });
  expect(stderr).toMatch(/a\.heapprofile: not a memray capture\n$/);
});

test('cut at every byte: has a result up to the cut, or one line', () => {
  const names = ['synthetic/node-demo.v13.bin', 'synthetic/node-agg.v11.bin', 'fork.v13-child1.bin'];
  for (const name of names) {
    const whole = readFileSync(captureFile(name));
    for (let length = 0; length <= whole.length; length += 1) {
      const outcomes = [
        new MemrayAnalyzer({ stats: true }),
        new MemrayProfiler(),
        new MemrayConverter(11),
        new RecordStream(new RecordPrinter(() => {})),
      ].map((reader) => {
        try {
          reader.push(whole.subarray(0, length));
          const { complete } = reader.end();
          if (reader instanceof MemrayProfiler) reader.profile();
          if (reader instanceof MemrayAnalyzer) reader.stats();
          return `${complete}`;
        } catch (error) {
          const { name: kind, message } = error as Error;
          expect(kind, `${name} cut after ${length} bytes: ${message}`).toBe('FormatError');
          return 'refused';
        }
      });
      expect(new Set(outcomes).size, `${name} cut after ${length} bytes: ${outcomes.join()}`).toBe(1);
    }
  }
});

/** Returns the offset of the first record in the small capture. */
function headerBytes(): number {
  let records = 0;
  const stream = new RecordStream(new RecordPrinter(() => {}), {
    onRecords: (bytes) => {
      records += bytes.length;
    },
  });
  stream.push(small);
  return stream.offset - records;
}
