import { describe, expect, test } from 'vitest';
import { newLedger } from '../../support/ledger-sums.js';
import { Readings, range, samplesOf } from '../../support/readings.js';
import { beginCapture, byStack } from './captures.js';

const LEAF = '(short-lived, estimated)';

/** Makes a ledger with statistics: unseen samples belong to `main > parse` (3 of 4) and `timer` (1 of 4). */
function experiencedLedger() {
  const ledger = newLedger();
  const readings = new Readings();
  const born = [...samplesOf('main > parse', 100, range(1, 48)), ...samplesOf('timer', 10, range(49, 64))];
  ledger.update(readings.of([]), 0);
  ledger.update(readings.of(born), 0, 4);
  ledger.update(readings.of([]), 0);
  /** Lets this many samples be born and die unseen, and attributes them. */
  const unseen = (count: number) => {
    ledger.update(readings.of(samplesOf('main', 8, [ledger.counts.samples + count + 1])), 1);
    ledger.attribute(1, true);
  };
  return { ledger, unseen };
}

describe('unseen samples', () => {
  test('are written under a leaf frame that marks them, allocated and freed at once', () => {
    const { ledger, unseen } = experiencedLedger();
    const { capture, read } = beginCapture(ledger);
    unseen(400);
    capture.finish();
    const analyzer = read();
    expect(byStack(analyzer, analyzer.allocated())).toEqual({
      [`main > parse > ${LEAF}`]: [30_000, 300],
      [`timer > ${LEAF}`]: [1_000, 100],
      main: [8, 1],
    });
    expect(byStack(analyzer, analyzer.leaks())).toEqual({ main: [8, 1] });
    const leaves = analyzer.allocated().map((record) => analyzer.locations(record)[0]);
    // The leaf has the caller's file and no line: reports show a line's source instead of the name.
    expect(leaves).toContainEqual({ functionName: LEAF, file: '/app/parse.js', line: 0, firstLine: 0 });
    // The sample of main, and one estimate at a time.
    expect(analyzer.peakBytes).toBe(108);
  });

  test('are written as whole samples; fractions are kept until they are whole, or until the end', () => {
    const { ledger, unseen } = experiencedLedger();
    const { capture, read } = beginCapture(ledger);
    unseen(1);
    capture.flush();
    expect(byStack(read(), read().allocated())).toEqual({ main: [8, 1] });
    unseen(1);
    capture.flush();
    // Two times 3/4 of a sample of parse, and two times 1/4 of one of timer.
    expect(byStack(read(), read().allocated())).toEqual({
      main: [16, 2],
      [`main > parse > ${LEAF}`]: [100, 1],
    });
    capture.finish();
    expect(byStack(read(), read().allocated())).toEqual({
      main: [16, 2],
      [`main > parse > ${LEAF}`]: [150, 2],
      [`timer > ${LEAF}`]: [5, 1],
    });
  });

  test('have their stacks in every file of a rotated capture', () => {
    const { ledger, unseen } = experiencedLedger();
    const { capture, files, read } = beginCapture(ledger, { maxCaptureBytes: 1500, maxCaptures: 50 });
    while (files().length < 4) {
      unseen(40);
      capture.flush();
    }
    unseen(40);
    capture.finish();
    for (const name of files()) {
      const stacks = Object.keys(byStack(read(name), read(name).allocated()));
      expect(stacks).toEqual(expect.arrayContaining([`main > parse > ${LEAF}`, `timer > ${LEAF}`]));
    }
  });

  test('without statistics have a stack of their own', () => {
    const ledger = newLedger({ samplingInterval: 8192 });
    const { capture, read } = beginCapture(ledger);
    ledger.update(new Readings().of(samplesOf('main', 8, [4])), 0);
    ledger.attribute(0, true);
    capture.finish();
    expect(byStack(read(), read().allocated())).toEqual({
      main: [8, 1],
      [`(unobserved) > ${LEAF}`]: [3 * 8192, 3],
    });
    expect(byStack(read(), read().leaks())).toEqual({ main: [8, 1] });
  });
});
