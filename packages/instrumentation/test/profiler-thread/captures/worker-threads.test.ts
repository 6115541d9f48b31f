// Worker threads in a capture of their process.
import { expect, test } from 'vitest';
import { MemorySources } from '../../../src/profiler-thread/sources/memory-sources.js';
import { newLedger } from '../../support/ledger-sums.js';
import { sourceOf } from '../../support/memory-sources.js';
import { Readings, samplesOf } from '../../support/readings.js';
import { beginCapture, byStack } from './captures.js';

/** Makes a process with a main thread, and starts workers in it. */
function newProcess() {
  let samples = 0;
  const nextId = () => ++samples;
  const main = newLedger({ nextId });
  const sources = new MemorySources(sourceOf(main));
  const startWorker = (id: number, name: string) => {
    const ledger = newLedger({ nextId });
    const source = sourceOf(ledger, { thread: { id, name } });
    sources.add(source);
    const readings = new Readings();
    return {
      show: (...stacks: string[]) =>
        ledger.update(readings.of(stacks.flatMap((stack, at) => samplesOf(stack, 64, [at + 1]))), 1),
      end: () => sources.remove(source, 2),
    };
  };
  return { main, sources, startWorker };
}

test('has each worker as a thread of its own, also one that started later', () => {
  const { main, sources, startWorker } = newProcess();
  const early = startWorker(2, 'crawler');
  early.show('boot');
  const { capture, read } = beginCapture(sources);
  const late = startWorker(5, 'worker');
  main.update(new Readings().of(samplesOf('serve', 64, [1])), 1);
  early.show('boot', 'crawl');
  late.show('crawl');
  capture.flush();
  capture.finish();
  const analyzer = read();
  expect(byStack(analyzer, analyzer.leaks())).toEqual({ serve: [64, 1], crawl: [64, 1] });
  const threads = analyzer.leaks().map(({ thread, bytes }) => {
    const { id, name } = analyzer.threads[thread]!;
    return [id, name, bytes];
  });
  expect(threads.sort()).toEqual([
    [1n, 'main', 64],
    [3n, 'crawler', 64],
    [6n, 'worker 5', 64],
  ]);
});

test('frees what a worker had in use when it ends', () => {
  const { sources, startWorker } = newProcess();
  const { capture, read } = beginCapture(sources);
  const worker = startWorker(2, 'crawler');
  worker.show('crawl');
  capture.flush();
  worker.end();
  capture.finish();
  const analyzer = read();
  expect(byStack(analyzer, analyzer.allocated())).toEqual({ crawl: [64, 1] });
  expect(analyzer.leaks()).toEqual([]);
});
