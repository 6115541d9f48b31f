// `--md`: Markdown whose cells, as a parser of Markdown reads them, are those of `--json`.
import { encodePprof } from '@heapray/exporter/pprof';
import { ProfileBuilder } from '@heapray/exporter/profile';
import MarkdownIt from 'markdown-it';
import { describe, expect, test } from 'vitest';
import { markdownCode, markdownText } from '../../src/text/markdown.js';
import { nameText, placeText } from '../../src/text/place.js';
import { printable } from '../../src/text/printable.js';
import { formatBytes, formatShare } from '../../src/text/quantity.js';
import { captureFile } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith, shopPprof } from '../support/sample-files.js';

/** Names that Markdown, HTML or a terminal would give a meaning. */
const HOSTILE = [
  'a|b',
  'a\\|b',
  'a\\',
  '`tick`',
  '``',
  '`',
  ' padded ',
  '   ',
  '*bold* _it_ ~~gone~~',
  '<img src=x onerror=alert(1)>',
  '[link](http://evil.example)',
  '@user #123 :smile: http://a.example',
  'line\nbreak\u001b[31m',
  '&amp; &#35;',
  '| --- |',
  '日本語 👨‍👩‍👧',
];

interface Parsed {
  readonly headings: readonly string[];
  readonly tables: readonly (readonly (readonly string[])[])[];
  readonly notes: readonly string[];
}

/** Parses Markdown as GitHub does: tables, but no HTML that a name could bring. */
function parse(markdown: string): Parsed {
  const headings: string[] = [];
  const tables: string[][][] = [];
  const notes: string[] = [];
  const open: string[] = [];
  for (const token of new MarkdownIt({ html: true, linkify: true }).enable(['table']).parse(markdown, {})) {
    if (token.nesting === 1) open.push(token.type);
    if (token.nesting === -1) open.pop();
    if (token.type === 'table_open') tables.push([]);
    if (token.type === 'tr_open') tables.at(-1)!.push([]);
    if (token.type === 'html_block') throw new Error(`HTML: ${token.content}`);
    if (token.type !== 'inline') continue;
    const text = textOf(token.children ?? []);
    if (open.includes('tr_open')) tables.at(-1)!.at(-1)!.push(text);
    else if (open.includes('heading_open')) headings.push(text);
    else notes.push(text);
  }
  return { headings, tables, notes };
}

/** Returns the displayed text. Only plain text and code are expected: anything else came from a name. */
function textOf(tokens: readonly { readonly type: string; readonly content: string }[]): string {
  for (const { type } of tokens) expect(['text', 'text_special', 'code_inline']).toContain(type);
  return tokens.map(({ content }) => content).join('');
}

async function run<T>(args: readonly string[]): Promise<{ md: Parsed; json: T }> {
  const results = await Promise.all([heapray([...args, '--md']), heapray([...args, '--json'])]);
  for (const { status, stderr } of results) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return { md: parse(results[0].stdout), json: JSON.parse(results[1].stdout) as T };
}

interface Row {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface TopJson {
  readonly omitted: number;
  readonly rows: readonly (Row & { flat: number; cumulative: number; share: number })[];
}

interface DiffJson {
  readonly rows: readonly (Row & { old: number; new: number; change: number })[];
}

function hostilePprof(factor: number): string {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  HOSTILE.forEach((name, at) => {
    builder.add(builder.stack(undefined, builder.frame(name, `/srv/${name}.js`, at + 1, 1)), [
      (at + 1) * factor,
    ]);
  });
  return fileWith(encodePprof(builder.build()), 'hostile | `x`.pb');
}

const cellsOf = (row: Row) => [printable(nameText(row)), printable(placeText(row))];

describe.each([
  ['a shop', shopPprof],
  ['hostile names', () => hostilePprof(1)],
])('top of %s', (_title, file) => {
  test('has the rows of --json', async () => {
    const { md, json } = await run<TopJson>(['top', file(), '-n', '50']);
    expect(md.tables).toHaveLength(1);
    const [head, ...rows] = md.tables[0]!;
    expect(head).toEqual(['FLAT', 'SHARE', 'CUMULATIVE', 'FUNCTION', 'FILE']);
    expect(rows).toEqual(
      json.rows.map((row) => [
        formatBytes(row.flat),
        formatShare(row.share),
        formatBytes(row.cumulative),
        ...cellsOf(row),
      ]),
    );
    expect(md.headings).toEqual([expect.stringMatching(/^inuse_space by function: .* in all$/)]);
    expect(md.notes[0]).toMatch(/^File: /);
  });
});

test('top by package has one column for the name, and says how many rows were left out', async () => {
  const { md, json } = await run<TopJson>(['top', shopPprof(), '--group', 'package', '-n', '1']);
  expect(md.tables[0]!.map((row) => row.length)).toEqual([4, 4]);
  expect(md.notes).toContain(`${json.omitted} more rows; -n shows more`);
});

test('diff has the rows of --json', async () => {
  const args = ['diff', hostilePprof(3), hostilePprof(5), '-n', '50'];
  const { md, json } = await run<DiffJson>(args);
  const [, ...rows] = md.tables[0]!;
  expect(rows).toHaveLength(HOSTILE.length);
  expect(rows).toEqual(
    json.rows.map((row) => [
      `+${formatBytes(row.change)}`,
      formatBytes(row.old),
      formatBytes(row.new),
      ...cellsOf(row),
    ]),
  );
  expect(md.notes[0]).toMatch(/^inuse_space: .* to .*, \+/);
});

test('diff of equal profiles has no table', async () => {
  const file = shopPprof();
  const { md } = await run<DiffJson>(['diff', file, file]);
  expect(md.tables).toEqual([]);
  expect(md.notes).toContain('Nothing changed by function');
});

interface StatsJson {
  readonly total_num_allocations: number | null;
  readonly top_allocations_by_size: readonly { location: string; size: number }[] | null;
  readonly metadata: { readonly command_line: string; readonly peak_memory: number };
}

test.each(['threads.v13.bin', 'threads.v11.bin', 'aggregate.v13.bin'])(
  'stats of %s has the figures of --json',
  async (name) => {
    const { md, json } = await run<StatsJson>(['stats', captureFile(name)]);
    const figures = new Map(md.tables[0]!.map(([figure = '', value]) => [figure, value]));
    expect(figures.get('Command')).toBe(printable(json.metadata.command_line));
    expect(figures.get('Peak')).toBe(formatBytes(json.metadata.peak_memory));
    const count = json.total_num_allocations;
    expect(figures.get('Allocations')).toBe(count === null ? 'unknown' : count.toLocaleString('en-US'));
    const places = md.tables[md.headings.indexOf('Places by size')];
    expect(places?.slice(1).map(([bytes, , place]) => [bytes, place]) ?? null).toEqual(
      json.top_allocations_by_size?.map(({ location, size }) => [formatBytes(size), location]) ?? null,
    );
  },
);

test.each(['top', 'stats'])('%s takes either --md or --json', async (command) => {
  expect(await heapray([command, 'a', '--md', '--json'])).toEqual({
    status: 2,
    signal: null,
    stdout: '',
    stderr: "heapray: option '--md' cannot be used with option '--json'\n",
  });
});

test.each(HOSTILE)('%j is displayed as it is, as text and as code', (name) => {
  const text = printable(name);
  const table = `| A | B |\n| --- | --- |\n| ${markdownText(text)} | ${markdownCode(text)} |\n`;
  expect(parse(table).tables[0]![1]).toEqual([text, text]);
});
