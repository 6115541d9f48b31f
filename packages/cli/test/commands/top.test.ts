// `heapray top`: golden text and JSON.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { encodePprof, encodePprofGzip } from '@heapray/exporter/pprof';
import { ProfileBuilder, type ValueColumn } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { textWidth } from '../../src/text/width.js';
import { captureFile } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith, SHOP_HEAPPROFILE, shopPprof, shopProfile } from '../support/sample-files.js';

/** Returns the standard output of `top`. Expects success. */
async function top(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await heapray(['top', ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe('text', () => {
  test.each<[string, string[]]>([
    ['function', []],
    ['alloc', ['--by', 'alloc']],
    ['objects', ['--by', 'alloc_objects', '-n', '2']],
    ['file', ['--group', 'file']],
    ['package', ['--group', 'package']],
    ['thread', ['--group', 'thread']],
  ])('of a pprof: %s', async (name, args) => {
    await expect(await top(shopPprof(), ...args)).toMatchFileSnapshot(`../golden/top-${name}.txt`);
  });

  test('of a heap profile', async () => {
    const text = await top(SHOP_HEAPPROFILE, '-n', '5');
    await expect(text).toMatchFileSnapshot('../golden/top-heapprofile.txt');
  });

  test('of a profile without samples', async () => {
    const empty = new ProfileBuilder({
      columns: [{ type: 'inuse_space', unit: 'bytes' }],
      timeNanos: 0n,
      durationNanos: 0n,
    });
    expect(await top(fileWith(encodePprof(empty.build())))).toBe(
      'inuse_space by function: 0 B in all\n\nFLAT  SHARE  CUMULATIVE  FUNCTION  FILE\n',
    );
  });

  test('says that functions include inlined ones, unless stacks are accurate', async () => {
    const textOf = (comment: string) => {
      const builder = new ProfileBuilder({
        columns: [{ type: 'inuse_space', unit: 'bytes' }],
        timeNanos: 0n,
        durationNanos: 0n,
        comments: [comment],
      });
      return top(fileWith(encodePprof(builder.build())));
    };
    const note = 'A function includes those that V8 has inlined into it';
    expect(await textOf('functions inlined by the optimizer are charged to their caller')).toContain(note);
    expect(await textOf('the optimizer inlines no functions (accurate stacks)')).not.toContain(note);
  });

  test('has no names that move the cursor', async () => {
    const builder = builderOf({ type: 'inuse_space', unit: 'bytes' });
    builder.add(builder.stack(undefined, builder.frame('\u001b[2J\u202eevil', '/a\nb.js', 1)), [1]);
    expect(await top(fileWith(encodePprof(builder.build())))).toMatch(
      /\n 1 B {2}100\.0% {9}1 B {2}\\u001b\[2J\\u202eevil {2}\/a\\u000ab\.js:1\n$/,
    );
  });
});

describe('memory without a call site', () => {
  const builder = builderOf({ type: 'inuse_space', unit: 'bytes' });
  const add = (names: readonly string[], kind: string, bytes: number) => {
    let stack: ReturnType<typeof builder.stack> | undefined;
    for (const name of names)
      stack = builder.stack(stack, builder.frame(name, name.startsWith('(') ? '' : 'a.js', 1));
    builder.add(stack, [bytes], builder.labels({ kind }));
  };
  add(['keep'], 'heap', 2048);
  add(['(no call site)', '(mapped files)'], 'mapped_file', 8192);
  add(['(no call site)', '(heap: free but committed)'], 'heap', 1024);
  const file = () => fileWith(encodePprof(builder.build()));

  test('is no row, and not in the total', async () => {
    const text = await top(file());
    expect(text).toMatch(/^inuse_space by function: 2\.0 KiB in all\n/);
    expect(text).toMatch(/\n2\.0 KiB {2}100\.0% .* keep +a\.js:1\n\n/);
    expect(text).toContain(
      '\nWithout a call site: 9.0 KiB: mapped files 8.0 KiB, heap: free but committed 1.0 KiB\n',
    );
  });

  test('is in the rows by kind', async () => {
    const { total, rows, no_call_site: others } = JSON.parse(await top(file(), '--group', 'kind', '--json'));
    expect(total).toBe(11_264);
    expect(rows.map(({ name, flat }: { name: string; flat: number }) => [name, flat])).toEqual([
      ['mapped_file', 8192],
      ['heap', 3072],
    ]);
    expect(others).toBeUndefined();
  });
});

describe('on a terminal', () => {
  /** Returns NODE_OPTIONS with which standard output appears to be a terminal of this width. */
  const terminal = (columns: number) => {
    const code = `process.stdout.isTTY = true; process.stdout.columns = ${columns};`;
    return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
  };
  const file = () => {
    const builder = builderOf({ type: 'inuse_space', unit: 'bytes' });
    for (const name of [
      'f',
      '日本語'.repeat(30),
      'aVeryLongName'.repeat(9),
      '(V8 API)',
      '👨‍👩‍👧'.repeat(40),
    ]) {
      const path = name === '(V8 API)' ? '' : `/srv/${name}/${'深い/'.repeat(20)}index.js`;
      builder.add(builder.stack(undefined, builder.frame(name, path, 1)), [name.length]);
    }
    return fileWith(encodePprof(builder.build()));
  };
  const capture = captureFile('threads.v13.bin');

  test.each([120, 40, 1])('of %i columns, no line of a table is longer', async (columns) => {
    const input = file();
    const results = [
      ...[
        ['top', input],
        ['top', input, '--group', 'file'],
        ['diff', input, shopPprof()],
        ['stats', capture],
      ].map((args) => heapray(args, { columns })),
      ...[['watch', capture, '--once'], ['config']].map((args) => heapray(args, { env: terminal(columns) })),
    ];
    for (const { status, stdout, stderr } of await Promise.all(results)) {
      expect(status, stderr).toBe(0);
      expect(stdout.length).toBeGreaterThan(0);
      for (const line of stdout.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(columns);
    }
  });

  test('of sufficient width, and without one, no text is cut', async () => {
    const input = file();
    const piped = await top(input);
    expect(piped).toContain('aVeryLongName'.repeat(9));
    expect(piped).not.toContain('…');
    expect((await heapray(['top', input], { env: terminal(1_000) })).stdout).toBe(piped);
    expect((await heapray(['top', input, '--json'], { env: terminal(40) })).stdout).toContain(
      '日本語'.repeat(30),
    );
  });
});

test('JSON', async () => {
  const text = await top(shopPprof(), '--json', '-n', '2', '--by', 'alloc');
  const parsed = JSON.parse(text) as { file: string };
  expect(parsed.file).toMatch(/shop\.pb$/);
  const portable = JSON.stringify({ ...parsed, file: 'shop.pb' }, null, 2);
  await expect(`${portable}\n`).toMatchFileSnapshot('../golden/top.json.txt');
});

test('gives the same result for a gzipped file, under another name, and from standard input', async () => {
  const expected = await top(shopPprof());
  const zipped = await encodePprofGzip(shopProfile());
  expect(await top(fileWith(zipped, 'shop.heapprofile'))).toBe(expected);
  expect((await heapray(['top', '-'], { input: zipped })).stdout).toBe(expected);
});

describe('columns', () => {
  const file = (...columns: readonly ValueColumn[]) => {
    const builder = builderOf(...columns);
    builder.add(
      undefined,
      columns.map((_, at) => at + 1),
    );
    return fileWith(encodePprof(builder.build()));
  };
  const column = async (input: string, ...args: readonly string[]) =>
    (JSON.parse(await top(input, '--json', ...args)) as { column: string }).column;
  const bytes = (type: string) => ({ type, unit: 'bytes' });

  test('without --by: the bytes in use, else the last column', async () => {
    expect(await column(file(bytes('alloc_space'), bytes('inuse_space'), bytes('x')))).toBe('inuse_space');
    expect(await column(file({ type: 'objects', unit: 'count' }, bytes('space'), bytes('x')))).toBe('space');
    expect(await column(file({ type: 'samples', unit: 'count' }, { type: 'cpu', unit: 'nanoseconds' }))).toBe(
      'cpu',
    );
  });

  test('by meaning', async () => {
    const capture = file(bytes('alloc_space'), bytes('peak_space'), bytes('inuse_space'));
    expect(await column(capture, '--by', 'alloc')).toBe('alloc_space');
    expect(await column(capture, '--by', 'peak')).toBe('peak_space');
    expect(await column(capture, '--by', 'inuse')).toBe('inuse_space');
    expect(await column(capture, '--by', 'leaked')).toBe('inuse_space');
  });

  test('that does not exist', async () => {
    const input = shopPprof();
    expect(await heapray(['top', input, '--by', 'peak'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `heapray: ${input}: no column for peak; there are alloc_objects, alloc_space, inuse_objects, inuse_space\n`,
    });
  });
});

function builderOf(...columns: readonly ValueColumn[]): ProfileBuilder {
  return new ProfileBuilder({ columns, timeNanos: 0n, durationNanos: 0n });
}

test('explains names that are not functions', async () => {
  const node = (functionName: string, selfSize: number, url = '') => ({
    callFrame: { functionName, url, lineNumber: 0, columnNumber: 0 },
    selfSize,
    children: [],
  });
  const children = [
    node('(V8 API)', 30),
    node('(EXTERNAL)', 20),
    node('(GC)', 10, 'file:///srv/gc.js'),
    node('map', 5),
  ];
  const file = path.join(tempFolder(), 'pseudo.heapprofile');
  writeFileSync(file, JSON.stringify({ head: { ...node('(root)', 0), children } }));
  const { status, stdout } = await heapray(['top', file]);
  expect(status).toBe(0);
  const notes = stdout.slice(stdout.indexOf('\n\n', stdout.indexOf('FLAT')) + 2);
  expect(notes).toMatch(/^\(V8 API\): native code .*\n\(EXTERNAL\): native code .*\n$/);
});
