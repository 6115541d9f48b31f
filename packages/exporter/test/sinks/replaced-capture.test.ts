// A capture that is rewritten as a whole, and its temporary files.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { type CaptureFs, ReplacedCapture } from '../../src/sinks/index.js';
import { capture, contents, failure, NOW, STAMP, systemError } from './captures.js';

const NAME = 'scheduler_memory.bin';

function begin(folder: string, working: CaptureFs = fs, maxBytes = 1000): ReplacedCapture {
  const options = { folder, component: 'scheduler', now: () => NOW, fs: working, maxBytes };
  return ReplacedCapture.open(options, pieces('begun'));
}

function pieces(...texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((text) => Buffer.from(text));
}

describe('a replaced capture', () => {
  test('is whole from the start, and only its owner can read it', () => {
    const folder = tempFolder();
    const file = begin(folder);
    expect(contents(folder)).toEqual({ [NAME]: 'begun' });
    expect(file.replace(pieces('one', ' piece'))).toBe(file.path);
    expect(file.replace(pieces('another'))).toBe(file.path);
    expect(contents(folder)).toEqual({ [NAME]: 'another' });
    expect(fs.statSync(file.path).mode & 0o777).toBe(0o600);
    const { ino, dev } = fs.statSync(file.path);
    expect(file.known).toEqual({ path: file.path, ino, dev, size: 7 });
  });

  test('stays whole while the next version is written', () => {
    const folder = tempFolder();
    const file = begin(folder);
    file.replace(pieces('old'));
    function* watched() {
      yield Buffer.from('new');
      expect(fs.readFileSync(file.path, 'utf8')).toBe('old');
      yield Buffer.from('er');
    }
    file.replace(watched());
    expect(contents(folder)).toEqual({ [NAME]: 'newer' });
  });

  test('is replaced at the path to which another process has moved it', () => {
    const folder = tempFolder();
    const file = begin(folder);
    file.replace(pieces('ours'));
    fs.renameSync(file.path, path.join(folder, `scheduler_memory.${STAMP}.bin`));
    capture(folder, 'theirs');
    const rotated = `scheduler_memory.${STAMP}.bin`;
    expect(file.replace(pieces('ours anew'))).toBe(path.join(folder, rotated));
    expect(file.replace(pieces('and again'))).toBe(path.join(folder, rotated));
    expect(contents(folder)).toEqual({ [NAME]: 'theirs', [rotated]: 'and again' });
  });

  test('stays deleted, even when another file has its inode and path', () => {
    const folder = tempFolder();
    let recycled: fs.Stats | undefined;
    const lstatSync = ((place: fs.PathLike) => {
      const stats = fs.lstatSync(place, { throwIfNoEntry: false });
      const isOther = stats && recycled && String(place).endsWith('.bin');
      return isOther ? Object.assign(stats, { ino: recycled?.ino }) : stats;
    }) as unknown as CaptureFs['lstatSync'];
    const file = begin(folder, { ...fs, lstatSync });
    file.replace(pieces('ours'));
    recycled = fs.statSync(file.path);
    fs.unlinkSync(file.path);
    expect(file.replace(pieces('anew'))).toBeUndefined();
    expect(contents(folder)).toEqual({});
    fs.writeFileSync(file.path, 'theirs, not ours');
    expect(file.replace(pieces('anew'))).toBeUndefined();
    expect(contents(folder)).toEqual({ [NAME]: 'theirs, not ours' });
  });

  test('reports a full disk in one error, keeps the previous version, and leaves no other file', () => {
    const folder = tempFolder();
    let full = false;
    const writeSync = ((...args: Parameters<typeof fs.writeSync>) => {
      if (full) throw systemError('ENOSPC', 'no space left on device', 'write');
      return fs.writeSync(...args);
    }) as unknown as CaptureFs['writeSync'];
    const file = begin(folder, { ...fs, writeSync });
    file.replace(pieces('old'));
    full = true;
    expect(failure(() => file.replace(pieces('new'))).message).toBe(
      `cannot replace capture ${file.path}: no space left on device (ENOSPC)`,
    );
    expect(contents(folder)).toEqual({ [NAME]: 'old' });
    full = false;
    file.replace(pieces('new'));
    expect(contents(folder)).toEqual({ [NAME]: 'new' });
  });
});

describe('temporary files', () => {
  test('two writers of one component have separate files, and remove nothing of each other', () => {
    const folder = tempFolder();
    const file = begin(folder);
    const other = begin(folder);
    expect([file.path, other.path]).toEqual(
      [NAME, `scheduler_memory.${process.pid}.bin`].map((name) => path.join(folder, name)),
    );
    function* meanwhile() {
      yield Buffer.from('first');
      other.replace(pieces('second'));
      yield Buffer.from(', whole');
    }
    file.replace(meanwhile());
    expect(Object.values(contents(folder)).sort()).toEqual(['first, whole', 'second']);
  });

  test('a file that another process has put under the name is neither used nor removed', () => {
    const folder = tempFolder();
    const file = begin(folder);
    function* robbed() {
      yield Buffer.from('ours');
      const [name = ''] = fs.readdirSync(folder).filter((entry) => entry.endsWith('.tmp'));
      fs.renameSync(path.join(folder, name), path.join(folder, 'taken'));
      fs.writeFileSync(path.join(folder, name), 'theirs');
    }
    expect(failure(() => file.replace(robbed())).reason).toBe('somebody has taken the temporary file away');
    expect(Object.values(contents(folder)).sort()).toEqual(['begun', 'ours', 'theirs']);
  });

  test('a name that is taken, even by a link, is skipped', () => {
    const folder = tempFolder();
    const file = begin(folder);
    const target = path.join(folder, 'elsewhere');
    file.release();
    let links = 0;
    const openSync: CaptureFs['openSync'] = (place, flags, mode) => {
      if (String(place).endsWith('.tmp') && links++ < 3) fs.symlinkSync(target, String(place));
      return fs.openSync(place, flags, mode);
    };
    const second = begin(folder, { ...fs, openSync });
    second.replace(pieces('ours'));
    expect(fs.readFileSync(file.path, 'utf8')).toBe('ours');
    expect(fs.existsSync(target)).toBe(false);
  });

  test('of ended processes are removed when the next capture starts; others are kept', () => {
    const folder = tempFolder();
    const ended = spawnSync(process.execPath, ['-e', '']).pid;
    const old = new Date(Date.now() - 3_600_000);
    const make = (name: string, isOld = true) => {
      fs.writeFileSync(path.join(folder, name), '');
      if (isOld) fs.utimesSync(path.join(folder, name), old, old);
    };
    const stay = [
      `${NAME}.${process.ppid}-1.tmp`,
      `${NAME}.${ended}-2.tmp.bin`,
      `${NAME}.lz4.tmp`,
      `other_memory.bin.${ended}-1.tmp`,
    ];
    for (const name of [...stay, `${NAME}.${ended}-1.tmp`, `${NAME}.${process.pid}-900000.tmp`]) make(name);
    make(`${NAME}.${ended}-3.tmp`, false);
    capture(folder, 'x');
    expect(fs.readdirSync(folder).sort()).toEqual([NAME, `${NAME}.${ended}-3.tmp`, ...stay].sort());
  });
});
