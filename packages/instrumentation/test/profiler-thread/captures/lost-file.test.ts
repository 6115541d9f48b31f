// A capture that loses its file, or gets none for a while, continues with everything that is alive.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import type {
  CaptureReport,
  ComponentCaptureOptions,
} from '../../../src/profiler-thread/captures/capture-options.js';
import { newLedger } from '../../support/ledger-sums.js';
import { Readings, samplesOf } from '../../support/readings.js';
import { analyzeCapture, beginCapture, byStack, totalBytes } from './captures.js';

afterEach(() => vi.restoreAllMocks());

const NAME = 'scheduler_memory.bin';
const MINUTE = 60_000;

function begin(options: Partial<ComponentCaptureOptions> = {}) {
  const home = path.join(tempFolder(), 'home');
  const ledger = newLedger();
  const readings = new Readings();
  ledger.update(readings.of(samplesOf('boot', 1000, [1])), 0);
  const reports: CaptureReport[] = [];
  let steady = MINUTE;
  let newest = 1;
  let live: number[] = [];
  const begun = beginCapture(ledger, {
    home,
    onReport: (report) => reports.push(report),
    steadyNow: () => steady,
    ...options,
  });
  return {
    ...begun,
    reports,
    texts: () =>
      reports.flatMap(({ message }) =>
        message === undefined ? [] : [message.text.replaceAll(home, 'HOME')],
      ),
    drops: () => reports.flatMap(({ drop }) => drop ?? []),
    pass: (millis: number) => {
      steady += millis;
    },
    /** Polls with this many samples of the capture, besides those that were there before. */
    show: (count: number) => {
      live = live.slice(0, count);
      while (live.length < count) live.push(++newest);
      const own = samplesOf('main > serve', 64, live);
      ledger.update(readings.of([...samplesOf('boot', 1000, [1]), ...own]), steady);
      begun.capture.flush();
    },
  };
}

const TOLD =
  'capture HOME/scheduler_memory.bin was removed or moved away; it goes on, with everything that is alive, in HOME/scheduler_memory.bin';

describe('a lost file', () => {
  const LOSSES: readonly (readonly [string, (home: string) => void])[] = [
    ['removed', (home) => fs.unlinkSync(path.join(home, NAME))],
    [
      'replaced',
      (home) => {
        fs.writeFileSync(path.join(home, 'other'), 'other');
        fs.renameSync(path.join(home, 'other'), path.join(home, NAME));
      },
    ],
    ['with its folder', (home) => fs.rmSync(home, { recursive: true })],
    [
      'its folder swapped',
      (home) => {
        fs.renameSync(home, `${home}-old`);
        fs.mkdirSync(home);
      },
    ],
  ];

  test.each(LOSSES)('(%s) is logged once, counted, and replaced by one with what is alive', (_, lose) => {
    const { home, capture, show, read, texts, drops } = begin();
    show(5);
    lose(home);
    show(3);
    show(4);
    capture.finish();
    expect(texts()).toEqual([TOLD]);
    expect(drops()).toEqual(['capture_removed']);
    expect(read().complete).toBe(true);
    expect(byStack(read(), read().leaks())).toEqual({ 'main > serve': [4 * 64, 4] });
    expect(byStack(read(), read().allocated())).toEqual({ 'main > serve': [4 * 64, 4] });
  });

  test('that was moved is a finished capture', () => {
    const { home, capture, show, read, texts } = begin();
    show(5);
    const moved = path.join(home, 'kept.bin');
    fs.renameSync(path.join(home, NAME), moved);
    show(3);
    capture.finish();
    expect(texts()).toEqual([TOLD]);
    expect(analyzeCapture(moved).complete).toBe(true);
    expect(totalBytes(analyzeCapture(moved).leaks())).toBe(5 * 64);
    expect(totalBytes(read().leaks())).toBe(3 * 64);
  });

  test('that is lost repeatedly makes the capture pause, longer each time, with one message', () => {
    const { home, show, texts, pass, capture, read } = begin();
    for (let at = 0; at < 200; at++) {
      fs.rmSync(path.join(home, NAME), { force: true });
      pass(500);
      show(2);
    }
    expect(texts().length).toBeLessThan(20);
    expect(texts().filter((text) => text.includes('pauses'))).not.toEqual([]);
    pass(MINUTE);
    show(2);
    show(3);
    capture.finish();
    expect(totalBytes(read().leaks())).toBe(3 * 64);
  });

  test('that is lost just before the end is logged, and no new one begins', () => {
    const { home, capture, show, texts, files } = begin();
    show(5);
    fs.unlinkSync(path.join(home, NAME));
    capture.finish();
    expect(texts()).toEqual(['capture HOME/scheduler_memory.bin was removed or moved away']);
    expect(files()).toEqual([]);
  });

  test('of an aggregated capture is written again', () => {
    const { home, capture, show, read, texts, drops } = begin({
      maxCaptureBytes: 4096,
      aggregateOverflow: true,
    });
    for (let at = 0; at < 1000; at++) show(at % 50);
    expect(read().header?.fileFormat).toBe('AGGREGATED_ALLOCATIONS');
    fs.unlinkSync(path.join(home, NAME));
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + MINUTE);
    show(5);
    expect(texts()).toEqual([TOLD]);
    expect(drops()).toEqual(['capture_removed']);
    vi.restoreAllMocks();
    capture.finish();
    expect(totalBytes(read().leaks())).toBe(5 * 64);
  });
});

/** Makes opening files fail until the returned function is called. */
function withoutDescriptors(code = 'EMFILE'): () => void {
  const spy = vi.spyOn(fs, 'openSync').mockImplementation(() => {
    throw Object.assign(new Error(`${code}: too many open files, open`), { code });
  });
  return () => spy.mockRestore();
}

describe.each(['EMFILE', 'ENFILE'])('without a file descriptor (%s)', (code) => {
  test('a capture waits for one at the start, and then holds what was allocated meanwhile', () => {
    const restore = withoutDescriptors(code);
    const { capture, show, pass, read, texts, drops } = begin();
    expect(capture.paused).toBe(true);
    show(3);
    for (const millis of [1000, 2000]) {
      pass(millis);
      show(4);
    }
    restore();
    show(4);
    expect(capture.paused).toBe(true);
    pass(4000);
    show(4);
    capture.finish();
    expect(texts()).toEqual([
      expect.stringMatching(`pauses, and is tried again: .*\\(${code}\\)`),
      'the capture goes on, with everything that is alive, in HOME/scheduler_memory.bin',
    ]);
    expect(drops()).toEqual(['capture_paused']);
    expect(byStack(read(), read().leaks())).toEqual({ 'main > serve': [4 * 64, 4] });
  });

  test('a capture waits for one between two files', () => {
    const { capture, show, pass, home, files, texts } = begin({ maxCaptureBytes: 4096, maxCaptures: 50 });
    let restore = () => {};
    for (let at = 0; at < 1000; at++) {
      if (at === 200) restore = withoutDescriptors(code);
      if (at === 700) restore();
      pass(500);
      show(at % 20);
    }
    capture.finish();
    expect(texts()).toHaveLength(2);
    for (const name of files()) expect(analyzeCapture(path.join(home, name)).complete).toBe(true);
    expect(totalBytes(analyzeCapture(path.join(home, NAME)).leaks())).toBe(19 * 64);
  });

  test('a capture writes what was born and died meanwhile to the next file', () => {
    const restore = withoutDescriptors(code);
    const { capture, show, pass, read } = begin();
    for (const count of [3, 0, 2, 1]) show(count);
    restore();
    pass(MINUTE);
    show(1);
    capture.finish();
    expect(totalBytes(read().leaks())).toBe(64);
    expect(totalBytes(read().allocated())).toBe((3 + 2) * 64);
  });

  test('a running capture continues', () => {
    const { capture, show, read, texts } = begin();
    show(1);
    withoutDescriptors(code);
    show(5);
    show(4);
    vi.restoreAllMocks();
    capture.finish();
    expect(texts()).toEqual([]);
    expect(totalBytes(read().leaks())).toBe(4 * 64);
  });

  test('an aggregated capture is written later', () => {
    const { capture, show, read, texts } = begin({ maxCaptureBytes: 4096, aggregateOverflow: true });
    for (let at = 0; at < 1000; at++) show(at % 50);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + MINUTE);
    const restore = withoutDescriptors(code);
    show(5);
    restore();
    show(6);
    capture.finish();
    expect(texts()).toEqual([]);
    expect(totalBytes(read().leaks())).toBe(6 * 64);
  });
});

test('a capture continued after a restart begins with everything that is alive', () => {
  const { capture, show, read } = begin({ whole: true });
  show(2);
  capture.finish();
  expect(byStack(read(), read().leaks())).toEqual({ boot: [1000, 1], 'main > serve': [128, 2] });
});
