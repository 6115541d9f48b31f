// Folders of jemalloc's dumps: bounded, and nothing else is ever removed.
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import {
  dumpsIn,
  readDump,
  removeDumpFolder,
  removeLeftOverFolders,
  removeUnreadDumps,
} from '../../src/jemalloc/index.js';

/** No process has this ID: it is above the largest that Linux gives. */
const NO_PROCESS = 4_194_305;
const HOUR_AGO = new Date(Date.now() - 3_600_000);

function folderWith(...names: string[]): string {
  const folder = tempFolder();
  for (const name of names) writeFileSync(path.join(folder, name), name);
  return folder;
}

test('lists the dumps in the order in which they were written', () => {
  const folder = folderWith(
    'heap.7.10.i10.heap',
    'heap.7.9.i9.heap',
    'heap.8.0.f.heap',
    'heap.x.heap',
    'other',
  );
  expect(dumpsIn(folder).map(({ pid, number }) => [pid, number])).toEqual([
    [8, 0],
    [7, 9],
    [7, 10],
  ]);
  expect(dumpsIn(path.join(folder, 'missing'))).toEqual([]);
});

test('reads a dump, but no symbolic link', () => {
  const folder = folderWith('heap.7.0.i0.heap');
  symlinkSync('/etc/passwd', path.join(folder, 'heap.7.1.i1.heap'));
  const [dump, link] = dumpsIn(folder);
  expect(Buffer.from(readDump(dump!)).toString()).toBe('heap.7.0.i0.heap');
  expect(() => readDump(link!)).toThrow('ELOOP');
});

test('removes old dumps of programs that nobody follows', () => {
  const folder = folderWith('heap.7.0.i0.heap', 'heap.7.1.i1.heap', 'notes.heap');
  for (const name of ['heap.7.0.i0.heap', 'notes.heap'])
    utimesSync(path.join(folder, name), HOUR_AGO, HOUR_AGO);
  removeUnreadDumps(folder, 60_000);
  expect(readdirSync(folder).sort()).toEqual(['heap.7.1.i1.heap', 'notes.heap']);
});

test('removes a folder with its dumps, but keeps one with other files', () => {
  const [own, shared] = [folderWith('heap.7.0.i0.heap'), folderWith('heap.7.0.i0.heap', 'notes')];
  removeDumpFolder(own);
  removeDumpFolder(shared);
  expect(existsSync(own)).toBe(false);
  expect(readdirSync(shared)).toEqual(['notes']);
});

describe('folders left over by killed commands', () => {
  function leftOver(pid: number, time: Date): string {
    const base = tempFolder();
    const folder = path.join(base, `heapray-native-${pid}-a1B2c3`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'heap.7.0.i0.heap'), '');
    utimesSync(folder, time, time);
    removeLeftOverFolders(base);
    return folder;
  }

  test('are removed', () => {
    expect(existsSync(leftOver(NO_PROCESS, HOUR_AGO))).toBe(false);
  });

  test('are kept while their command runs, or their program writes into them', () => {
    expect(existsSync(leftOver(process.pid, HOUR_AGO))).toBe(true);
    expect(existsSync(leftOver(NO_PROCESS, new Date()))).toBe(true);
  });

  test('are kept if they are symbolic links', () => {
    const base = tempFolder();
    const target = folderWith('heap.7.0.i0.heap');
    symlinkSync(target, path.join(base, `heapray-native-${NO_PROCESS}-a1B2c3`));
    removeLeftOverFolders(base);
    expect(readdirSync(target)).toEqual(['heap.7.0.i0.heap']);
  });
});
