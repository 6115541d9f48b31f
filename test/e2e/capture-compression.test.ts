// Captures that are compressed when they are finished, read by memray and by the lz4 program.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLz4 } from '../support/lz4-file.js';
import { describeWithPeer } from '../support/peer-test.js';
import { lz4 } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import { runCommand } from '../support/run-command.js';
import { captureOf, fileNames } from './support/capture-files.js';
import { MEMRAY_OF, MemrayReport } from './support/memray-report.js';
import { startApp } from './support/profiled-app.js';

const COMPRESSED = {
  HEAPRAY_COMPONENT: 'shop',
  HEAPRAY_TRACE_COMPONENTS: 'shop',
  HEAPRAY_MEMRAY_COMPRESS: 'true',
};

describe.each([13, 12, 11])('format %d', (format) => {
  const version = MEMRAY_OF[format] ?? '1.20.0';
  describeWithPeer('at the end of the process', ['project-bare', 'lz4', `memray-${version}`], () => {
    const signals = format === 13 ? (['SIGTERM', 'SIGINT'] as const) : (['SIGTERM'] as const);
    test.each(signals)('by %s', async (signal) => {
      const env = { ...COMPRESSED, HEAPRAY_MEMRAY_FORMAT: `${format}`, LEAK_MIB: '8' };
      // Collect garbage first, because uncollected garbage looks like a leak.
      const service = startApp({ app: ['leaky-service.js'], nodeArgs: ['--expose-gc'], env });
      await service.waitForLog(/^leaked$/m);
      await service.waitForLog(/profiling memory of component shop/);
      // The thread has loaded its code by then, so that it can write and compress the capture at once.
      await service.debugUrl();
      expect(isLz4(captureOf(service.home, 'shop'))).toBe(false);
      expect((await service.stop(signal)).signal).toBe(signal);
      expect(fileNames(service.home)).toEqual(['shop_memory.bin']);
      const capture = captureOf(service.home, 'shop');
      expect(isLz4(capture)).toBe(true);
      expect((await new MemrayReport(version, capture).leaks())[0]?.stack_trace).toMatch(/^rememberOrder/);
      const checked = await runCommand(lz4(), ['-t', capture]);
      expect(checked.status, checked.stderr).toBe(0);
      expect(service.process.stderr).not.toMatch(/warn|error/i);
    });
  });
});

describeWithPeer('a capture', ['project-bare', 'memray-1.20.0'], () => {
  test('compresses a rotated capture while the next one is written', async () => {
    const env = {
      ...COMPRESSED,
      HEAPRAY_MAX_CAPTURE_BYTES: '262144',
      HEAPRAY_MAX_CAPTURES: '3',
      CHURN_MIB: '16',
      ORDER_MILLIS: '20',
    };
    const service = startApp({ app: ['leaky-service.js'], env });
    const rotated = () => fileNames(service.home).filter((name) => /Z(-\d+)?\.bin$/.test(name));
    await pollUntil(() => rotated().some((name) => isLz4(path.join(service.home, name))), {
      what: 'a compressed capture',
    });
    await service.stop();
    expect(fileNames(service.home).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    for (const name of fileNames(service.home)) {
      const file = path.join(service.home, name);
      expect(isLz4(file)).toBe(true);
      expect((await new MemrayReport('1.20.0', file).stats()).total_num_allocations).toBeGreaterThan(0);
    }
    expect(service.process.stderr).not.toMatch(/warn|error/i);
  });
});
