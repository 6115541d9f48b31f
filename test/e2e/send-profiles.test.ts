// Profiles that a program collects, and that are exported while it runs and when it ends.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodePprof } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { appFolder } from './support/app-folder.js';
import { runApp, startApp } from './support/profiled-app.js';

interface Collected {
  readonly names: readonly string[];
  readonly bytes: number;
  readonly comments: readonly string[];
  readonly encoded: number;
  readonly grown: number;
  readonly seconds: number;
  readonly refused: readonly string[];
  readonly exported: readonly { readonly samples: number; readonly service: string }[];
  readonly ends: readonly string[];
  readonly after: string;
}

peerTest('a program collects profiles, and no exporter of its own can harm it', 'project-bare', async () => {
  const { status, stdout, stderr } = await runApp({ app: ['collecting.js'], register: false });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  const collected = JSON.parse(stdout) as Collected;
  expect(collected.names).toContain('keepSome');
  expect(collected.bytes).toBeGreaterThan(1_000_000);
  expect(collected.comments.join('\n')).toMatch(
    /^# standard error of keepSome collecting\.js:\S+: inuse_space \d+ ± \d+/m,
  );
  expect(collected.encoded).toBeGreaterThan(1_000);
  expect(collected.grown).toBeGreaterThan(500_000);
  expect(collected.seconds).toBeGreaterThanOrEqual(1);
  // Eight may be in work, and the one with `seconds` is one of them.
  expect(collected.refused).toEqual(
    Array.from({ length: 2 }, () => 'cannot collect a profile: 8 profiles are being collected already'),
  );
  expect(collected.exported).toEqual(
    Array.from({ length: 3 }, () => ({ samples: expect.any(Number), service: 'collecting' })),
  );
  expect(collected.ends).toEqual(['own exporter']);
  expect(collected.after).toBe('cannot collect a profile: memory is not profiled in this process');
});

peerTest(
  'a process leaves a last profile when it exits, and tells of a wrong setting',
  'project-bare',
  async () => {
    const folder = appFolder('bare');
    const app = startApp({
      app: ['ending.js', 'exit'],
      folder,
      env: {
        END_AFTER: 'SIGUSR2',
        HEAPRAY_PROFILES_EXPORTER: 'file',
        HEAPRAY_PROFILES_INTERVAL: '0',
        HEAPRAY_SAMPLING_INTERVAL: '4096',
        OTEL_SERVICE_NAME: 'shop',
      },
    });
    // Before the profiler thread has started, nothing is known.
    await app.debugUrl();
    await app.waitForLog(/^worked$/m);
    process.kill(app.process.pid, 'SIGUSR2');
    expect(await app.end()).toEqual({ status: 3, signal: null });
    expect(
      app.process.stderr.match(/error: HEAPRAY_PROFILES_INTERVAL: '0' is not allowed; use an integer/g),
    ).toHaveLength(1);
    const home = path.join(folder, 'heapray');
    const files = readdirSync(home).filter((name) => /^shop-.*\.pb\.gz$/.test(name));
    expect(files).toHaveLength(1);
    const profile = decodePprof(readFileSync(path.join(home, files[0]!)));
    expect(totals(profile).alloc_space).toBeGreaterThan(500_000);
  },
);
