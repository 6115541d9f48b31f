// Profiles in files, and which of them are removed.
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { FileProfileExporter, type FileProfileExporterOptions } from '../../src/export/index.js';
import { decodePprof } from '../../src/pprof/index.js';
import { totals } from '../../src/profile/index.js';
import { FakeClock } from './support/fake-clock.js';
import { growingProfile, START } from './support/growing-service.js';

function start(options: Partial<FileProfileExporterOptions> = {}) {
  const clock = new FakeClock(START);
  const folder = path.join(tempFolder(), 'made', 'on', 'demand');
  const log: string[] = [];
  const deps = { clock, log: (level: string, text: string) => void log.push(`${level} ${text}`) };
  const exporter = new FileProfileExporter({ folder, ...options }, deps);
  const write = (round = 1) =>
    exporter.export([growingProfile(round, clock.now())], { 'service.name': 'my shop' });
  return { clock, folder, exporter, write, log, names: () => readdirSync(folder).sort() };
}

test('writes a file with the service and time in its name, readable by its owner only', async () => {
  const { folder, write, names } = start();
  expect(await write(3)).toEqual({ code: 0 });
  expect(await write(4)).toEqual({ code: 0 });
  expect(names()).toEqual(['my_shop-20261123T120000Z-2.pb.gz', 'my_shop-20261123T120000Z.pb.gz']);
  const file = path.join(folder, 'my_shop-20261123T120000Z.pb.gz');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const written = decodePprof(gunzipSync(readFileSync(file)));
  expect(totals(written)).toEqual(totals(growingProfile(3, START)));
});

test('removes the oldest of its own, and nothing else, when there are more files than allowed', async () => {
  const { clock, folder, write, names } = start({ maxFiles: 3 });
  await write();
  for (const other of [
    'my_shop-20261123T120000Z.txt',
    'other-20200101T000000Z.pb.gz',
    'x-my_shop-20200101T000000Z.pb.gz',
  ])
    writeFileSync(path.join(folder, other), '');
  for (let n = 0; n < 5; n += 1) {
    await clock.advance(60_000);
    await write();
  }
  expect(names()).toEqual([
    'my_shop-20261123T120000Z.txt',
    'my_shop-20261123T120300Z.pb.gz',
    'my_shop-20261123T120400Z.pb.gz',
    'my_shop-20261123T120500Z.pb.gz',
    'other-20200101T000000Z.pb.gz',
    'x-my_shop-20200101T000000Z.pb.gz',
  ]);
});

test('removes the oldest when the files are larger than allowed', async () => {
  const { clock, folder, write, names } = start({ maxBytes: 2000 });
  for (let n = 0; n < 20; n += 1) {
    await write(n);
    await clock.advance(60_000);
  }
  const bytes = names().reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
  expect(bytes).toBeLessThanOrEqual(2000);
  expect(names().at(-1)).toBe('my_shop-20261123T121900Z.pb.gz');
});

test('counts a profile without room, and one that cannot be written', async () => {
  const small = start({ maxBytes: 10 });
  expect(await small.write()).toMatchObject({ code: 1 });
  expect(small.exporter.drops.queue_full).toBe(1);
  const file = path.join(tempFolder(), 'file');
  writeFileSync(file, '');
  const { exporter, write } = start({ folder: file });
  expect(await write()).toMatchObject({
    code: 1,
    error: new Error(`cannot open capture ${file}: a file is where its folder should be (EEXIST)`),
  });
  expect(exporter.drops.failed).toBe(1);
});

test('removes temporary files that ended processes have left', async () => {
  const { folder, clock, write, names } = start();
  await write();
  const left = path.join(folder, 'my_shop-20261123T110000Z.pb.gz.4194304-1.tmp');
  writeFileSync(left, '');
  utimesSync(left, 1_700_000_000, 1_700_000_000);
  await clock.advance(60_000);
  await write();
  expect(names().filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('fails when it has ended', async () => {
  const { exporter, write } = start();
  await exporter.forceFlush();
  await exporter.shutdown();
  expect(await write()).toMatchObject({ code: 1, error: new Error('the exporter has ended') });
  expect(() => new FileProfileExporter({ folder: '' })).toThrow('folder: "" is not valid: expected a path');
  expect(() => start({ maxFiles: 0 })).toThrow('maxFiles: 0 is not valid: expected a whole number from 1');
});
