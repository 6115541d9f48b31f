// Reads what `go tool pprof` shows of a profile, for tests to compare with.
import { expect } from 'vitest';
import { goPprof } from '../../support/peers.js';

/** One row of `-top`; values in bytes or counts. */
export interface TopRow {
  flat: number;
  cum: number;
  name: string;
}

export interface RawSample {
  /** Values of alloc_objects, alloc_space, inuse_objects, inuse_space. */
  values: readonly number[];
  /** Function names, the innermost first. */
  stack: readonly string[];
  labels: Readonly<Record<string, string>>;
}

export interface RawProfile {
  comments: readonly string[];
  /** Time of the collection, ms since the Unix epoch. */
  collectedMillis: number;
  /** Duration as Go prints it, such as `2.01`; empty without one. */
  duration: string;
  periodType: string;
  period: number;
  columns: readonly string[];
  samples: readonly RawSample[];
}

export type Column = 'alloc_objects' | 'alloc_space' | 'inuse_objects' | 'inuse_space';
export const COLUMNS: readonly Column[] = ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'];

/** Root frame of memory that belongs to no call site. */
const NO_CALL_SITE = '(no call site)';

/** Runs `go tool pprof` on an address or a file; it must succeed. */
export async function pprofText(args: readonly string[], source: string): Promise<string> {
  // By default, pprof waits for 1.5 times the seconds of the query.
  const { status, stdout, stderr } = await goPprof(['-timeout=60', ...args, source]);
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Returns the rows of `-top` by one column, the largest first, without memory that belongs to no call site. */
export async function pprofTop(source: string, column: Column): Promise<readonly TopRow[]> {
  // `-unit=B` prints bytes instead of kB and MB.
  const args = ['-top', '-unit=B', '-nodefraction=0', '-ignore=no call site', `-sample_index=${column}`];
  const text = await pprofText(args, source);
  expect(text).toContain(`Type: ${column}`);
  const rows = text.matchAll(/^ *(\S+) +\S+% +\S+% +(\S+) +\S+% +(.*)$/gm);
  return [...rows].map(([, flat = '', cum = '', name = '']) => ({
    flat: Number.parseFloat(flat),
    cum: Number.parseFloat(cum),
    name,
  }));
}

/** Returns the whole profile, as `-raw` prints it. */
export async function pprofRaw(source: string): Promise<RawProfile> {
  const text = await pprofText(['-raw'], source);
  const [head = '', rest = ''] = text.split(/^Samples:\n/m);
  const [body = '', tables = ''] = rest.split(/^Locations\n/m);
  const [columns = '', ...lines] = body.split('\n');
  const functions = locations(tables);
  return {
    comments: [...head.matchAll(/^Comment: (.*)$/gm)].map(([, comment = '']) => comment),
    collectedMillis: Date.parse(
      (/^Time: (.*) \+0000 UTC$/m.exec(head)?.[1] ?? '').replace(' ', 'T').concat('Z'),
    ),
    duration: /^Duration: (.*)$/m.exec(head)?.[1] ?? '',
    periodType: /^PeriodType: (.*)$/m.exec(head)?.[1] ?? '',
    period: Number(/^Period: (\d+)$/m.exec(head)?.[1]),
    columns: columns.trim().split(/\s+/),
    samples: samples(lines, functions),
  };
}

/** Returns the sum of a column over all samples. */
export function columnSum({ samples }: RawProfile, column: Column): number {
  const index = COLUMNS.indexOf(column);
  return samples.reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
}

/** Returns the sum of a column over the samples that belong to call sites. */
export function callSiteSum(profile: RawProfile, column: Column): number {
  const samples = profile.samples.filter(({ stack }) => stack.at(-1) !== NO_CALL_SITE);
  return columnSum({ ...profile, samples }, column);
}

/** Parses `     1: 0x0 M=1 rememberOrder /app/index.js:4:1 s=4`; returns the function by location. */
function locations(tables: string): ReadonlyMap<string, string> {
  const lines = tables.matchAll(/^ +(\d+): 0x\w+ M=\d+ (.*) \S*:\d+:\d+ s=\d+/gm);
  return new Map([...lines].map(([, id = '', name = '']) => [id, name]));
}

/** Parses `     1 2 3 4: 7 6 5` and below it `     key:[value] key:[value]`. */
function samples(lines: readonly string[], functions: ReadonlyMap<string, string>): RawSample[] {
  const found: RawSample[] = [];
  for (const line of lines) {
    const [, values, stack] = /^ *([-\d ]+): ([\d ]*)$/.exec(line) ?? [];
    if (values !== undefined && stack !== undefined) {
      const ids = stack.trim().split(' ');
      const names = ids.map((id) => functions.get(id) ?? `location ${id}`);
      found.push({ values: values.trim().split(/ +/).map(Number), stack: names, labels: {} });
    } else Object.assign(found.at(-1)?.labels ?? {}, labels(line));
  }
  return found;
}

function labels(line: string): Record<string, string> {
  return Object.fromEntries([...line.matchAll(/(\S+):\[([^\]]*)\]/g)].map(([, key, value]) => [key, value]));
}
