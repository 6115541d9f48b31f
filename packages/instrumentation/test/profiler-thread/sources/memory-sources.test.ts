// Several memory sources in one process: the heap of the main thread and those of worker threads.
import { expect, test } from 'vitest';
import { HighWaterMarkTracker } from '../../../src/profiler-thread/history/high-water-mark.js';
import { PastStates } from '../../../src/profiler-thread/history/past-states.js';
import { siteAttributes } from '../../../src/profiler-thread/metrics/site-groups.js';
import { TopCallSites } from '../../../src/profiler-thread/metrics/top-call-sites.js';
import { heapProfile, type ProfilePart, peakProfile } from '../../../src/profiler-thread/profiles/index.js';
import { MemorySources } from '../../../src/profiler-thread/sources/memory-sources.js';
import { AllocatingProgram } from '../../support/allocating-program.js';
import { sourceOf } from '../../support/memory-sources.js';
import { range } from '../../support/readings.js';

const WORKER = { id: 3, name: 'crawler' };
const OPTIONS = {
  samplingInterval: 1,
  mode: 'binding',
  startedMillis: 0,
  nowMillis: 1,
  defaultColumn: 'inuse_space',
};

/** Makes a process in which the main thread retains 1000 bytes and a worker 200. */
function processWithWorker() {
  const main = new AllocatingProgram();
  const worker = new AllocatingProgram();
  main.retain('serve', 1000);
  worker.retain('crawl', 200);
  const sources = new MemorySources(sourceOf(main.ledger));
  const source = sourceOf(worker.ledger, { thread: WORKER });
  sources.add(source);
  return { main, worker, sources, source };
}

/** Returns the bytes of a column by function and labels. */
function rowsOf(profile: ReturnType<typeof heapProfile>, column: number): Record<string, number> {
  return Object.fromEntries(
    range(0, profile.sampleCount - 1).map((row) => {
      const { kind, thread = '-', thread_id: id = '-' } = profile.labelsOf(row);
      const name = [...profile.frames(profile.stackOf(row))][0]?.functionName;
      return [`${name} ${kind} ${thread} ${id}`, profile.value(row, column)];
    }),
  );
}

test('a profile has the kind and the thread of each source as labels', () => {
  const { sources } = processWithWorker();
  expect(rowsOf(heapProfile({ sources: sources.all }, OPTIONS), 3)).toEqual({
    'serve heap main -': 1000,
    'crawl heap crawler 3': 200,
  });
});

test('parts of a profile see what was added before, by kind', () => {
  const { sources } = processWithWorker();
  const seen: number[] = [];
  const part = (bytes: number) => ({
    addTo: (...[builder, inUse]: Parameters<ProfilePart['addTo']>) => {
      seen.push(inUse.bytes('heap'), inUse.bytes('worker'), inUse.bytes('stack'));
      inUse.add('stack', bytes);
      builder.add(undefined, [0, 0, 1, bytes], builder.labels({ kind: 'stack' }));
    },
  });
  const profile = heapProfile({ sources: sources.all, parts: [part(7), part(1)] }, OPTIONS);
  expect(seen).toEqual([1000, 200, 0, 1000, 200, 7]);
  expect(rowsOf(profile, 3)).toMatchObject({ 'undefined stack - -': 8 });
});

test('what a removed source has allocated stays in the totals, and nothing of it is in use', () => {
  const { sources, source, worker } = processWithWorker();
  worker.allocate('crawl', 500);
  const before = sources.counts;
  sources.remove(source, 1);
  expect(sources.all).toHaveLength(1);
  expect(sources.counts).toEqual({ ...before, liveSamples: 1 });
  const profile = heapProfile({ sources: sources.all, ended: sources.ended.allocated }, OPTIONS);
  expect(rowsOf(profile, 1)).toMatchObject({ 'serve heap main -': 1000, '(ended threads) heap - -': 700 });
  expect(rowsOf(profile, 3)).toMatchObject({ 'serve heap main -': 1000, '(ended threads) heap - -': 0 });
});

test('tells listeners of sources that come and go, after their samples were freed', () => {
  const { sources, source, worker } = processWithWorker();
  const told: string[] = [];
  worker.ledger.addListener({ allocated() {}, estimated() {}, freed: () => void told.push('freed') });
  sources.watch({ added: () => told.push('added'), removed: () => told.push('removed') });
  sources.add(source);
  sources.remove(source, 1);
  sources.remove(source, 1);
  expect(told).toEqual(['freed', 'removed']);
});

test('series of a worker have its thread, and no counter falls when it ends', () => {
  const { sources, source, main } = processWithWorker();
  const top = new TopCallSites({ maxCallSites: 5, groupBy: 'function' });
  const first = top.view(sources, main.now, 1000);
  expect(
    first.rows.map((row) => [row.functionName, siteAttributes(row)['thread.id'], row.allocated]),
  ).toEqual([
    ['serve', undefined, 1000],
    ['crawl', 3, 200],
  ]);
  expect(siteAttributes(first.rows[1]!)['thread.name']).toBe('crawler');
  sources.remove(source, 1);
  const { rows, other, dropped } = top.view(sources, main.now, 2000);
  expect(rows.map(({ functionName }) => functionName)).toEqual(['serve']);
  expect([rows[0]?.allocated, other.allocated, dropped.allocated]).toEqual([1000, 0, 200]);
});

test('workers with the same functions have series of their own', () => {
  const { sources, main } = processWithWorker();
  const other = new AllocatingProgram();
  other.retain('crawl', 300);
  sources.add(sourceOf(other.ledger, { thread: { id: 4, name: 'crawler' } }));
  const { rows } = new TopCallSites({ maxCallSites: 5, groupBy: 'component' }).view(sources, main.now, 1);
  expect(rows.map(({ thread, retained }) => [thread?.id, retained])).toEqual([
    [undefined, 1000],
    [4, 300],
    [3, 200],
  ]);
});

test('the high-water mark is that of all sources together, and survives the end of one', () => {
  const { sources, source, main } = processWithWorker();
  const tracker = new HighWaterMarkTracker();
  tracker.observe(sources.all, 1);
  sources.remove(source, 2);
  tracker.observe(sources.all, 2);
  expect(tracker.mark).toMatchObject({ totalBytes: 1200, atMillis: 1 });
  expect(rowsOf(peakProfile(main.ledger, tracker.mark, OPTIONS), 1)).toEqual({
    'serve heap main -': 1000,
    'crawl heap crawler 3': 200,
  });
});

test('a source has nothing before its first state', () => {
  const program = new AllocatingProgram();
  program.retain('late', 10);
  const past = new PastStates({ windowMillis: 100, startMillis: 1000 });
  past.observe(program.ledger, 1100);
  const nodes = range(0, program.ledger.tree.size - 1);
  const inUseAt = (millis: number) =>
    nodes.reduce((sum, node) => sum + past.nearestOrEmpty(millis).inUseBytes(node), 0);
  expect([0, 990, 1100, 9000].map(inUseAt)).toEqual([0, 0, 10, 10]);
});

test('keys of call sites are unique among sources', () => {
  const { sources, source } = processWithWorker();
  const { main } = sources;
  expect(sources.siteKey(main, 5)).toBe(5);
  expect(sources.siteKey(source, 5)).not.toBe(5);
});
