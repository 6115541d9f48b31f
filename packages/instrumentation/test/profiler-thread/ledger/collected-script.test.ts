import { expect, test } from 'vitest';
import { Ledger, type RawFrame, type SampleSnapshot } from '../../../src/profiler-thread/ledger/index.js';

const head = { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };
const cluster = { functionName: '', scriptId: '749', url: 'node:cluster', lineNumber: 0, columnNumber: 0 };

const reading = (frame: RawFrame): SampleSnapshot => ({
  head: {
    id: 1,
    callFrame: head,
    selfSize: 0,
    children: [{ id: 2, callFrame: frame, selfSize: 512, children: [] }],
  },
  samples: [{ size: 512, nodeId: 2, ordinal: 1 }],
});

const newLedger = () => new Ledger({ samplingInterval: 512, packageOf: () => 'p', component: 'api' });

test('a function whose script was collected is not taken for a restarted sampler', () => {
  const ledger = newLedger();
  ledger.update(reading(cluster), 0);
  const collected = { ...cluster, url: '', lineNumber: -1, columnNumber: -1 };
  expect(ledger.update(reading(collected), 1).status).toBe('ok');
  expect(ledger.update(reading(collected), 2).status).toBe('ok');
});

test.each([
  ['name', { functionName: 'other' }],
  ['script', { scriptId: '750' }],
  ['line', { lineNumber: 7 }],
])('another %s under a known number is a restarted sampler', (_, change) => {
  const ledger = newLedger();
  ledger.update(reading(cluster), 0);
  expect(ledger.update(reading({ ...cluster, ...change }), 1).status).toBe('restarted');
});
