import { readdirSync } from 'node:fs';
import { ProfileBuilder } from '@heapray/exporter/profile';
import { expect, test, vi } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { ExportDropCounts } from '../../../src/profiler-thread/exports/export-drop-counts.js';
import { ProfileExports } from '../../../src/profiler-thread/exports/profile-exports.js';

function newExports(options: Partial<ConstructorParameters<typeof ProfileExports>[0]> = {}) {
  const home = tempFolder();
  const log = vi.fn<(level: string, text: string) => void>();
  const collect = vi.fn(async () => {
    const builder = new ProfileBuilder({
      columns: [{ type: 'inuse_space', unit: 'bytes' }],
      timeNanos: BigInt(Date.now()) * 1_000_000n,
      durationNanos: 0n,
    });
    builder.add(undefined, [1]);
    return builder.build();
  });
  const exports = new ProfileExports(
    {
      profilesExporter: [],
      profilesInterval: 3600,
      exportEnvironment: {},
      resource: { 'service.name': 'shop' },
      home,
      ...options,
    },
    { collect, stats: { drop: () => {} }, log },
  );
  const files = () => readdirSync(home).filter((name) => name.endsWith('.pb.gz'));
  return { exports, home, log, collect, files };
}

const reader = (folder: string, id: number) => ({
  id,
  kind: 'file',
  options: { folder },
  exportIntervalMillis: 3_600_000,
  exportTimeoutMillis: 5_000,
});

test('exports a last time when it is shut down', async () => {
  const { exports, files, collect } = newExports({ profilesExporter: ['file'] });
  expect(exports.isActive).toBe(true);
  exports.start();
  await exports.shutdown(5_000, true);
  expect(files()).toEqual([expect.stringMatching(/^shop-/)]);
  expect(collect).toHaveBeenCalledExactlyOnceWith('file', true);
});

test('ends the readers that code no longer asks for, and keeps the others', async () => {
  const { exports, home, files } = newExports();
  exports.setReaders([reader(home, 1)]);
  exports.setResource({ 'service.name': 'renamed' });
  exports.setReaders([]);
  await pollUntil(() => files().length === 1, { what: 'the last profile of the reader' });
  expect(files()[0]).toMatch(/^renamed-/);
  expect(exports.isActive).toBe(false);
  await exports.shutdown(5_000, false);
  expect(files()).toHaveLength(1);
});

test('goes on with the others when a reader cannot be started', async () => {
  const { exports, home, log, files } = newExports();
  exports.setReaders([
    { ...reader(home, 1), kind: 'carrier-pigeon' },
    { ...reader(home, 2), options: { folder: '' } },
    reader(home, 3),
  ]);
  await exports.shutdown(5_000, false);
  expect(log.mock.calls.filter(([level]) => level === 'error').map(([, text]) => text)).toEqual([
    'profiles are not exported by carrier-pigeon: no exporter is called carrier-pigeon',
    expect.stringContaining('profiles are not exported by file: '),
  ]);
  expect(files()).toHaveLength(1);
});

test('counts each drop once', () => {
  const drops = { rejected: 2, queue_full: 0, too_old: 0, failed: 1 };
  const reader = { skipped: 0 };
  const counted: [string, number][] = [];
  const stats = { drop: (reason: string, count: number) => void counted.push([reason, count]) };
  const counts = new ExportDropCounts({ drops }, reader, stats);
  counts.count();
  drops.rejected = 5;
  reader.skipped = 4;
  counts.count();
  counts.count();
  expect(counted.filter(([, count]) => count > 0)).toEqual([
    ['export_rejected', 2],
    ['export_failed', 1],
    ['export_rejected', 3],
    ['export_skipped', 4],
  ]);
});
