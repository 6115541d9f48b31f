// Instances of the instrumentation in a live process: disabled and enabled, configured again, several at
// once.
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import type { NodeLine } from '../../../../test/support/peers.js';
import { runProgram } from '../support/profiled-program.js';

const LINES: readonly NodeLine[] = ['22.15', '24', '26'];
const LISTENING = /^info: memory profiles on /;

async function play(scenario: string, line: NodeLine = '24') {
  const program = ['instances.mjs', scenario];
  const { status, stdout, stderr } = await runProgram({ program, line, plain: true });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { log, ...result } = JSON.parse(stdout) as { log: string[] } & Record<string, unknown>;
  return { result, log: log.filter((entry) => !LISTENING.test(entry)) };
}

for (const line of LINES) {
  describeWithPeer(`Node ${line}`, `node-${line}`, () => {
    test('continues without a gap when it is disabled and enabled again', async () => {
      const { result, log } = await play('again', line);
      expect(result).toEqual({
        profiling: Array.from({ length: 10 }, (_, at) => at % 2 === 1),
        retained: expect.any(Number),
        page: true,
        after: false,
      });
      expect(log).toEqual([]);
    });
  });
}

test('setConfig replaces the options for the next enable, and logs so', async () => {
  const { result, log } = await play('other-options');
  expect(result).toEqual({
    config: { enabled: true, samplingInterval: 8192, component: 'billing', debugAddress: 'off' },
    interval: 8192,
    components: ['billing'],
  });
  expect(log).toEqual([
    'warn: options are read when profiling starts; options that are not in force: ' +
      'samplingInterval 8192 (in force: 4096), component billing (in force: orders), ' +
      'debugAddress off (in force: 127.0.0.1:0)',
  ]);
});

describe('a second instance', () => {
  test('logs which of its options are not in force, and carries the metrics while it has a provider', async () => {
    const { result, log } = await play('second');
    expect(result).toEqual({
      carried: [
        [true, false],
        [false, true],
        [true, false],
      ],
      ended: [false, false, false],
    });
    expect(log).toEqual([
      'warn: another instance has started profiling before; options that are not in force: ' +
        'samplingInterval 16384 (in force: 4096), debugAddress [::1]:7777 (in force: 127.0.0.1:0)',
    ]);
  });
});

test('finds a MeterProvider that is registered later and never set', async () => {
  const { result, log } = await play('late-provider');
  expect(result.retained).toBeGreaterThan(2 * 2 ** 20);
  expect(log).toEqual([]);
});

test('metrics report that memory is not profiled, and why', async () => {
  const { result, log } = await play('no-thread');
  expect(result).toEqual({
    profiling: false,
    mode: { none: 1 },
    reason: { undefined: 0, thread: 1 },
  });
  expect(log).toEqual(['error: cannot start the profiler thread, memory is not profiled: no threads here']);
});
