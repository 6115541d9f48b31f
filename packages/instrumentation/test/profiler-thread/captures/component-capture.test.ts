import fs from 'node:fs';
import path from 'node:path';
import { CaptureError } from '@heapray/exporter/sinks';
import { describe, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { newLedger } from '../../support/ledger-sums.js';
import { Readings, range, samplesOf } from '../../support/readings.js';
import { beginCapture, byStack, START } from './captures.js';

/** Makes a ledger that has seen a sample of `boot` before any capture begins. */
function bootedLedger() {
  const ledger = newLedger();
  const readings = new Readings();
  const boot = samplesOf('boot', 1000, [1]);
  ledger.update(readings.of(boot), 0);
  return { ledger, readings, boot };
}

describe('a capture', () => {
  test('holds what is allocated after it began, with stacks and frees', () => {
    const { ledger, readings, boot } = bootedLedger();
    const { capture, read } = beginCapture(ledger);
    const parse = samplesOf('main > parse', 64, [2, 3, 4]);
    ledger.update(readings.of([...boot, ...parse]), 1);
    capture.flush();
    ledger.update(readings.of([...boot, ...parse.slice(0, 1), ...samplesOf('main', 8, [5])]), 2);
    capture.flush();
    capture.finish();
    const analyzer = read();
    expect(analyzer.complete).toBe(true);
    expect(byStack(analyzer, analyzer.allocated())).toEqual({ 'main > parse': [192, 3], main: [8, 1] });
    expect(byStack(analyzer, analyzer.leaks())).toEqual({ 'main > parse': [64, 1], main: [8, 1] });
    expect(analyzer.peakBytes).toBe(192);
  });

  test('does not contain what was alive before, nor its frees', () => {
    const { ledger, readings, boot } = bootedLedger();
    const { capture, read } = beginCapture(ledger);
    ledger.update(readings.of(boot), 1);
    ledger.update(readings.of([]), 2);
    capture.finish();
    const analyzer = read();
    // memray needs one harmless free before the end.
    expect(analyzer.events).toBe(1);
    expect(analyzer.allocated()).toEqual([]);
  });

  test('names files and lines; native code has a file too', () => {
    const { ledger, readings } = bootedLedger();
    const { capture, read } = beginCapture(ledger);
    const reading = readings.of(samplesOf('main > parse', 64, [2]));
    const native = { functionName: 'slice', url: '', lineNumber: -1, columnNumber: -1 };
    const [main] = reading.head.children;
    const inner = { id: 99, callFrame: native, selfSize: 32, children: [] };
    const head = { ...reading.head, children: [main!, inner] };
    ledger.update({ head, samples: [...reading.samples, { ordinal: 3, size: 32, nodeId: 99 }] }, 1);
    capture.finish();
    const analyzer = read();
    const places = analyzer.allocated().map((record) => analyzer.locations(record));
    expect(places).toContainEqual([
      expect.objectContaining({ functionName: 'parse', file: '/app/parse.js', line: 1 }),
      expect.objectContaining({ functionName: 'main', file: '/app/main.js', line: 1 }),
    ]);
    expect(places).toContainEqual([expect.objectContaining({ functionName: 'slice', file: '(native)' })]);
  });

  test.each([13, 12, 11] as const)('has a header and memory records (format %d)', (format) => {
    const { ledger } = bootedLedger();
    const { capture, read, wait } = beginCapture(ledger, { format });
    wait(50);
    capture.flush();
    wait(70);
    capture.finish();
    const analyzer = read();
    expect(analyzer.header).toMatchObject({
      format,
      fileFormat: 'ALL_ALLOCATIONS',
      commandLine: 'node scheduler.js --fast',
      pid: 4711,
      startTimeMillis: START,
      endTimeMillis: START + 120,
      allocationCount: 1,
    });
    if (format === 13) {
      expect(analyzer.header).toMatchObject({ sitePackages: ['/app/node_modules'], sysPath: ['/app'] });
    }
    const memory = analyzer.snapshots().map(({ millis, residentBytes }) => [millis, residentBytes]);
    expect(memory).toContainEqual([START, 100_000_000]);
    expect(memory).toContainEqual([START + 50, 100_000_050]);
    expect(memory).toContainEqual([START + 120, 100_000_120]);
    expect(analyzer.threads.map(({ name }) => name)).toEqual(['main']);
  });

  test.each([13, 12, 11] as const)('states in its header what it contains so far (format %d)', (format) => {
    const { ledger, readings } = bootedLedger();
    const { capture, read, wait } = beginCapture(ledger, { format });
    expect(read().header).toMatchObject({ allocationCount: 0, frameCount: 0, endTimeMillis: START });
    wait(50);
    ledger.update(readings.of(samplesOf('main > parse', 64, [2, 3])), 1);
    capture.flush();
    expect(read().header).toMatchObject({ allocationCount: 2, frameCount: 2, endTimeMillis: START + 50 });
    wait(70);
    capture.flush();
    expect(read().header).toMatchObject({ allocationCount: 2, endTimeMillis: START + 120 });
    capture.finish();
  });

  test('is readable at any moment, as after a kill', () => {
    const { ledger, readings } = bootedLedger();
    const { capture, read, wait } = beginCapture(ledger);
    expect(read().allocated()).toEqual([]);
    wait(10);
    ledger.update(readings.of(samplesOf('main', 64, [2])), 1);
    expect(read().allocated()).toEqual([]);
    capture.flush();
    const analyzer = read();
    expect(analyzer.complete).toBe(false);
    expect(analyzer.damage).toBeUndefined();
    expect(byStack(analyzer, analyzer.leaks())).toEqual({ main: [64, 1] });
    capture.abandon();
  });

  test('frees all samples when the sampler is lost', () => {
    const { ledger, readings } = bootedLedger();
    const { capture, read } = beginCapture(ledger);
    ledger.update(readings.of(samplesOf('main', 64, [2, 3])), 1);
    ledger.samplerLost();
    ledger.update(new Readings().of(samplesOf('main', 64, [1])), 2);
    capture.finish();
    const analyzer = read();
    expect(byStack(analyzer, analyzer.allocated())).toEqual({ main: [192, 3] });
    expect(byStack(analyzer, analyzer.leaks())).toEqual({ main: [64, 1] });
  });

  test.each(['finish', 'abandon'] as const)('receives nothing more after %s', (end) => {
    const { ledger, readings } = bootedLedger();
    const { capture } = beginCapture(ledger);
    const heard = vi.spyOn(capture, 'allocated');
    ledger.update(readings.of(samplesOf('main', 64, [2])), 1);
    expect(heard).toHaveBeenCalledTimes(1);
    capture[end]();
    ledger.update(readings.of(samplesOf('main', 64, [2, 3])), 2);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  test('does not affect another one of the same ledger', () => {
    const { ledger, readings, boot } = bootedLedger();
    const one = beginCapture(ledger, { component: 'one' });
    ledger.update(readings.of([...boot, ...samplesOf('main', 64, [2])]), 1);
    const two = beginCapture(ledger, { component: 'two' });
    ledger.update(readings.of([...boot, ...samplesOf('main', 64, [2, 3])]), 2);
    one.capture.finish();
    two.capture.finish();
    expect(byStack(one.read(), one.read().leaks())).toEqual({ main: [128, 2] });
    expect(byStack(two.read(), two.read().leaks())).toEqual({ main: [64, 1] });
  });
});

describe('sizes', () => {
  test('are whole bytes with the right sum: rounding errors are carried over', () => {
    const ledger = newLedger();
    const readings = new Readings();
    const { capture, read } = beginCapture(ledger);
    // A node of 1000 bytes with 3 samples: 333.33 each.
    for (let at = 0; at < 100; at++) {
      ledger.update(readings.of(samplesOf('main', 400, range(3 * at + 1, 3 * at + 3)), { main: 1000 }), at);
    }
    capture.finish();
    const analyzer = read();
    expect(byStack(analyzer, analyzer.allocated())).toEqual({ main: [100_000, 300] });
  });
});

describe('the file', () => {
  test('is named after the component, and an older one is kept', () => {
    const { ledger } = bootedLedger();
    const first = beginCapture(ledger, { component: 'dag_processor' });
    expect(path.basename(first.capture.path)).toBe('dag_processor_memory.bin');
    first.capture.finish();
    const bytes = fs.readFileSync(first.capture.path);
    const second = beginCapture(ledger, { component: 'dag_processor', home: first.home });
    second.capture.finish();
    const [rotated, current] = second.files();
    expect(current).toBe('dag_processor_memory.bin');
    expect(rotated).toMatch(/^dag_processor_memory\.\d{8}T\d{6}Z\.bin$/);
    expect(fs.readFileSync(path.join(first.home, rotated!))).toEqual(bytes);
  });

  test.each([
    ['@shop/api', '_shop_api_memory.bin'],
    ['../../etc/passwd', '_._.._etc_passwd_memory.bin'],
    ['.hidden', '_hidden_memory.bin'],
    ['a b\u0000c', 'a_b_c_memory.bin'],
    ['größe', 'gr__e_memory.bin'],
  ])('of a component called %j stays in its folder: %s', (component, expected) => {
    const { capture, files } = beginCapture(newLedger(), { component });
    capture.finish();
    expect(files()).toEqual([expected]);
  });

  test('that cannot be created is an error, and nothing is followed', () => {
    const home = path.join(tempFolder(), 'file');
    fs.writeFileSync(home, '');
    const { ledger, readings } = bootedLedger();
    expect(() => beginCapture(ledger, { home })).toThrow(CaptureError);
    ledger.update(readings.of(samplesOf('main', 64, [2])), 1);
  });

  test('that cannot be written costs neither an older one nor a descriptor', () => {
    const { ledger, readings } = bootedLedger();
    const old = beginCapture(ledger);
    old.capture.finish();
    const bytes = fs.readFileSync(old.capture.path);
    const opened = vi.spyOn(fs, 'openSync');
    const written = vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    expect(() => beginCapture(ledger, { home: old.home, maxCaptures: 1 })).toThrow('no space left');
    written.mockRestore();
    const fd = opened.mock.results.at(-1)!.value as number;
    opened.mockRestore();
    expect(() => fs.fstatSync(fd)).toThrow('EBADF');
    expect(old.files()).toHaveLength(1);
    expect(fs.readFileSync(path.join(old.home, old.files()[0]!))).toEqual(bytes);
    ledger.update(readings.of(samplesOf('main', 64, [2])), 1);
  });

  test('that was given up keeps what was flushed', () => {
    const { ledger, readings } = bootedLedger();
    const { capture, read } = beginCapture(ledger);
    ledger.update(readings.of(samplesOf('main', 64, [2])), 1);
    capture.flush();
    ledger.update(readings.of(samplesOf('main', 64, [2, 3])), 2);
    capture.abandon();
    capture.abandon();
    expect(byStack(read(), read().leaks())).toEqual({ main: [64, 1] });
  });
});
