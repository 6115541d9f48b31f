// Files that cannot be read: status 1, one line with the file, no output on stdout, no waiting.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeOtlpProfiles } from '@heapray/exporter/otlp';
import { encodePprof } from '@heapray/exporter/pprof';
import { describe, expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { shell } from '../support/heapray.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith, SHOP_HEAPPROFILE, shopProfile } from '../support/sample-files.js';

const READS =
  'memray captures (.bin), pprof (.pb, .pb.gz), OTLP profiles and V8 heap profiles (.heapprofile)';
const good = encodePprof(shopProfile());
const otlp = encodeOtlpProfiles([shopProfile()]);

/**
 * Returns the message of both commands that read a file, without its name. Expects that they agree and leave no output.
 */
async function complaint(file: string): Promise<string> {
  const output = path.join(tempFolder(), 'out.json');
  const top = await heapray(['top', '--json', '--', file]);
  const convert = await heapray(['convert', '-o', output, '--', file]);
  expect(convert).toEqual(top);
  expect(top).toMatchObject({ status: 1, signal: null, stdout: '' });
  expect(existsSync(output)).toBe(false);
  const prefix = `heapray: ${file}: `;
  expect(top.stderr.startsWith(prefix), top.stderr).toBe(true);
  expect(top.stderr.endsWith('\n')).toBe(true);
  return top.stderr.slice(prefix.length, -1);
}

describe('content', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'the input is empty'],
    ['text', 'hello, world\n', `no profile that is known; this command reads ${READS}`],
    ['an executable', '\x7fELF\x02\x01\x01', `no profile that is known; this command reads ${READS}`],
    ['zeros', new Uint8Array(4096), `no profile that is known; this command reads ${READS}`],
    ['a cut memray header', 'memray\0\x0d\0\0\0', 'memray: the header is cut at byte 8'],
    ['a cut pprof', good.subarray(0, 200), 'pprof: cut off or damaged at byte 172'],
    ['a cut gzipped pprof', gzipSync(good).subarray(0, 100), 'pprof: the gzip data is cut off'],
    ['cut OTLP', otlp.subarray(0, 200), 'otlp: cut off or damaged at byte 3'],
    ['cut OTLP in JSON', '{"resourceProfiles":[{', 'otlp: the JSON is cut off at byte 22'],
    ['OTLP without a profile', '{"dictionary":{}}', 'otlp: there is no profile in it'],
    [
      'an OTLP bomb of empty entries',
      gzipSync(Buffer.concat([otlp, Uint8Array.of(0x0a, 0x80, 0x80, 0x80, 0x1e), new Uint8Array(2 ** 26)])),
      'otlp: larger than the limit of 67108864 bytes',
    ],
    [
      'a pprof record of 2^31 - 1 bytes',
      huge(0xff, 0xff, 0xff, 0xff, 0x07),
      `pprof: a record of 2147483647 bytes is over the limit of 16777216 at byte ${good.length}`,
    ],
    [
      'a pprof record of 2^63 bytes',
      huge(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
      `pprof: a record of 9223372036854776000 bytes is over the limit of 16777216 at byte ${good.length}`,
    ],
    [
      'a gzip bomb',
      gzipSync(
        Buffer.concat([good, Buffer.alloc(2 ** 28, Uint8Array.of(0x9a, 0x06, 0x00, 0x98, 0x06, 0x01))]),
      ),
      'pprof: larger than the limit of 268435456 bytes',
    ],
    [
      'a gzip bomb of zeros',
      gzipSync(new Uint8Array(2 ** 28 + 1)),
      'pprof: illegal tag: field number 0 at byte 0',
    ],
    [
      'a cut heap profile',
      readFileSync(SHOP_HEAPPROFILE).subarray(0, 500),
      'V8 heap profile: the JSON is cut off at byte 500',
    ],
    ['endless braces', '{"a":'.repeat(200_000), 'V8 heap profile: the JSON is cut off at byte 1000000'],
    [
      'a heap snapshot',
      '{"snapshot":{}}',
      'V8 heap profile: this is a heap snapshot, not a heap profile at byte 11',
    ],
    [
      'an impossible size',
      '{"head":{"selfSize":1e308}}',
      'V8 heap profile: `selfSize` is 1e+308 and not a number of bytes at byte 20',
    ],
  ])('%s', async (_, content, reason) => {
    expect(await complaint(fileWith(content))).toBe(reason);
  });

  test('an error in the middle of standard input', async () => {
    const result = await heapray(['top', '-'], { input: good.subarray(0, 200) });
    expect(result).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'heapray: standard input: pprof: cut off or damaged at byte 172\n',
    });
  });
});

describe('files', () => {
  test('a missing file', async () => {
    expect(await complaint(path.join(tempFolder(), 'nothing'))).toBe('no such file or directory');
  });

  test('a file at the path of a folder', async () => {
    expect(await complaint(path.join(fileWith('x'), 'a.pb'))).toBe('not a directory');
  });

  test('a folder', async () => {
    expect(await complaint(tempFolder())).toBe('is a directory');
  });

  test('missing permission', async () => {
    // A write-only file, even for root.
    expect(await complaint('/proc/sys/vm/drop_caches')).toBe('permission denied');
  });

  test('a pipe without a writer', async () => {
    const pipe = path.join(tempFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await complaint(pipe)).toBe('is a pipe; give it as standard input and write - for the file');
  });

  test('a socket', async () => {
    const socket = path.join(tempFolder(), 'socket');
    const server = net.createServer().listen(socket);
    atEnd(() => server.close());
    expect(await complaint(socket)).toBe('no such device or address');
  });

  test('a device', async () => {
    expect(await complaint('/dev/zero')).toBe('is not a regular file');
  });

  test('a link to itself', async () => {
    const link = path.join(tempFolder(), 'link');
    symlinkSync(link, link);
    expect(await complaint(link)).toBe('too many symbolic links encountered');
  });

  test('a terabyte of zeros', async () => {
    const file = fileWith(good);
    truncateSync(file, 2 ** 40);
    expect(await complaint(file)).toBe(`pprof: illegal tag: field number 0 at byte ${good.length}`);
  });

  test('a name with control characters stays in the line', async () => {
    const folder = path.join(tempFolder(), '\u001b[2J\nroot');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'a'), '');
    const { stderr } = await heapray(['top', path.join(folder, 'a')]);
    expect(stderr).toMatch(/^heapray: \/.*\\u001b\[2J\\u000aroot\/a: the input is empty\n$/);
  });

  test('a name that starts with a dash', async () => {
    const folder = path.dirname(fileWith(good, '-json'));
    expect((await heapray(['top', '--', '-json'], { cwd: folder })).status).toBe(0);
  });
});

test('reads standard input from a slow pipe', async () => {
  const file = fileWith(good);
  const line =
    'for at in 0 1 2 3; do dd if="$FILE" bs=20 skip=$at count=1 2>/dev/null; sleep 0.1; done; tail -c +81 "$FILE"';
  const { status, stdout } = await shell(`{ ${line}; } | heapray top - --json`, { env: { FILE: file } });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ file: '-', format: 'pprof', total: 3_214_436 });
});

/** Returns a valid profile followed by a sample that claims this length. */
function huge(...length: readonly number[]): Uint8Array {
  return Buffer.concat([good, Uint8Array.of(0x12, ...length)]);
}
