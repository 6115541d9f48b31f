// Opening the file of a capture: files in the way, other processes, limited file systems.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { CaptureError, type CaptureFs } from '../../src/sinks/index.js';
import {
  becomeNobody,
  capture,
  contents,
  fails,
  failure,
  NOW,
  open,
  STAMP,
  systemError,
} from './captures.js';

describe('open', () => {
  test('creates the folder, and a file that only its owner can read', () => {
    const folder = path.join(tempFolder(), 'a', 'b');
    const file = open(folder);
    expect(file.path).toBe(path.join(folder, 'scheduler_memory.bin'));
    expect(fs.statSync(file.path).mode & 0o777).toBe(0o600);
    expect(file.length).toBe(0);
    file.close();
  });

  test('keeps an existing capture under a name with the time', () => {
    const folder = tempFolder();
    capture(folder, 'one');
    capture(folder, 'two');
    expect(contents(folder)).toEqual({
      'scheduler_memory.bin': 'two',
      [`scheduler_memory.${STAMP}.bin`]: 'one',
    });
  });

  test('adds a number within the same second, and never overwrites', () => {
    const folder = tempFolder();
    for (const text of ['1', '2', '3', '4']) capture(folder, text);
    expect(contents(folder)).toEqual({
      'scheduler_memory.bin': '4',
      [`scheduler_memory.${STAMP}.bin`]: '1',
      [`scheduler_memory.${STAMP}-2.bin`]: '2',
      [`scheduler_memory.${STAMP}-3.bin`]: '3',
    });
  });

  test('deletes the oldest captures of the component beyond maxCaptures, including the current one', () => {
    const folder = tempFolder();
    const others = ['web_memory.20200101T000000Z.bin', 'scheduler_memory.notes.bin', 'scheduler_memory.txt'];
    for (const name of others) fs.writeFileSync(path.join(folder, name), '');
    for (let at = 1; at <= 12; at += 1) {
      capture(folder, String(at), { maxCaptures: 3, now: () => NOW + (at > 4 ? 60_000 : 0) });
    }
    const left = Object.entries(contents(folder)).filter(([name]) => !others.includes(name));
    expect(left.map(([, text]) => text).sort()).toEqual(['10', '11', '12']);
    for (const name of others) expect(fs.existsSync(path.join(folder, name))).toBe(true);
  });

  test('keeps only the current capture when maxCaptures is 1', () => {
    const folder = tempFolder();
    capture(folder, '1', { maxCaptures: 1 });
    capture(folder, '2', { maxCaptures: 1 });
    expect(contents(folder)).toEqual({ 'scheduler_memory.bin': '2' });
    for (const maxCaptures of [0, 1.5, Number.NaN]) {
      expect(() => open(folder, { maxCaptures })).toThrow(RangeError);
    }
  });

  test('deletes no old capture before data is written', () => {
    const folder = tempFolder();
    capture(folder, '1');
    const file = open(folder, { maxCaptures: 1 });
    expect(Object.values(contents(folder)).sort()).toEqual(['', '1']);
    file.append(Buffer.from('2'));
    expect(file.prune()).toEqual([]);
    expect(contents(folder)).toEqual({ 'scheduler_memory.bin': '2' });
    file.close();
  });

  test('abandon never throws', () => {
    const folder = tempFolder();
    const refused = fails('EIO', 'i/o error', 'any');
    const disk = { ...fs };
    const file = open(folder, { fs: disk });
    Object.assign(disk, { closeSync: refused, fstatSync: refused, unlinkSync: refused });
    file.abandon();
    expect(Object.values(contents(folder))).toEqual(['']);
  });

  test('fails and closes the file when its identity is unknown', () => {
    const folder = tempFolder();
    const closed: number[] = [];
    const closeSync = (fd: number) => {
      closed.push(fd);
      fs.closeSync(fd);
    };
    const disk = { ...fs, fstatSync: fails('EIO', 'i/o error', 'fstat'), closeSync };
    expect(failure(() => open(folder, { fs: disk })).message).toMatch(/cannot open capture .*: i\/o error/);
    expect(closed).toHaveLength(1);
  });

  test('abandon keeps a file with data, and removes an empty one', () => {
    const folder = tempFolder();
    const file = open(folder);
    file.append(Buffer.from('1'));
    file.abandon();
    file.abandon();
    const fds: number[] = [];
    const openSync: typeof fs.openSync = (...parameters) => {
      const fd = fs.openSync(...parameters);
      fds.push(fd);
      return fd;
    };
    const writeSync = fails('ENOSPC', 'no space left on device', 'write');
    const empty = open(folder, { fs: { ...fs, openSync, writeSync } });
    expect(() => empty.append(Buffer.from('2'))).toThrow(CaptureError);
    empty.abandon();
    expect(Object.values(contents(folder))).toEqual(['1']);
    expect(() => fs.fstatSync(fds.at(-1)!)).toThrow('EBADF');
  });

  test('an old capture that cannot be deleted is reported, but is not a failure', () => {
    const folder = tempFolder();
    capture(folder, '1');
    const unlinkSync = (file: fs.PathLike) => {
      if (String(file).includes(STAMP)) throw systemError('EPERM', 'operation not permitted', 'unlink');
      fs.unlinkSync(file);
    };
    const file = open(folder, { maxCaptures: 1, fs: { ...fs, unlinkSync } });
    file.close();
    expect(file.prune().map(({ message }) => message)).toEqual([
      `cannot prune capture ${path.join(folder, `scheduler_memory.${STAMP}.bin`)}: operation not permitted (EPERM)`,
    ]);
  });

  test('a folder that cannot be listed is reported, but can hold a capture', () => {
    const folder = tempFolder();
    capture(folder, '1');
    const readdirSync = fails(
      'EACCES',
      'permission denied',
      'scandir',
    ) as unknown as CaptureFs['readdirSync'];
    const file = capture(folder, '2', { fs: { ...fs, readdirSync } });
    expect(file.prune().map(({ message }) => message)).toEqual([
      `cannot prune capture ${folder}: permission denied (EACCES)`,
    ]);
    expect(Object.values(contents(folder)).sort()).toEqual(['1', '2']);
  });

  test.each(['', '.', '..', '.hidden', '../up', 'a/b', 'a\\b', 'a b', 'a\n', 'ä', 'a\0b'])(
    'rejects component %j',
    (component) => {
      const folder = tempFolder();
      const error = failure(() => open(folder, { component }));
      expect(error.reason).toContain('may hold only');
      expect(error.message).not.toContain('\n');
      expect(fs.readdirSync(folder)).toEqual([]);
    },
  );

  test.each(['a', 'dag_processor', 'web.1', 'a-b', '-x', '9'])('accepts component %j', (component) => {
    const folder = tempFolder();
    expect(capture(folder, 'x', { component }).path).toBe(path.join(folder, `${component}_memory.bin`));
  });
});

describe('without hard links', () => {
  test.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])(
    '%s: gives the same names, and overwrites nothing',
    (code) => {
      const folder = tempFolder();
      const noLinks: CaptureFs = { ...fs, linkSync: fails(code, 'no links here', 'link') };
      for (const text of ['1', '2', '3']) capture(folder, text, { fs: noLinks });
      expect(contents(folder)).toEqual({
        'scheduler_memory.bin': '3',
        [`scheduler_memory.${STAMP}.bin`]: '1',
        [`scheduler_memory.${STAMP}-2.bin`]: '2',
      });
    },
  );

  test('a failed rename leaves no empty file', () => {
    const folder = tempFolder();
    capture(folder, '1');
    const broken: CaptureFs = {
      ...fs,
      linkSync: fails('EPERM', 'operation not permitted', 'link'),
      renameSync: fails('EIO', 'i/o error', 'rename'),
    };
    expect(failure(() => open(folder, { fs: broken })).message).toBe(
      `cannot rotate capture ${path.join(folder, 'scheduler_memory.bin')}: i/o error (EIO)`,
    );
    expect(contents(folder)).toEqual({ 'scheduler_memory.bin': '1' });
  });
});

describe('other processes', () => {
  test('a capture that another process creates meanwhile is rotated, not overwritten', () => {
    const folder = tempFolder();
    let raced = false;
    const linkSync: CaptureFs['linkSync'] = (from, to) => {
      if (!raced) {
        raced = true;
        fs.writeFileSync(to, 'theirs');
      }
      fs.linkSync(from, to);
    };
    capture(folder, 'ours', { fs: { ...fs, linkSync } });
    expect(contents(folder)).toEqual({
      'scheduler_memory.bin': 'ours',
      [`scheduler_memory.${STAMP}.bin`]: 'theirs',
    });
  });

  test('no failure when another process rotates the same capture first', () => {
    const folder = tempFolder();
    capture(folder, 'old');
    let raced = false;
    const renameSync: CaptureFs['renameSync'] = (from, to) => {
      if (!raced) fs.renameSync(from, path.join(folder, 'moved.bin'));
      raced = true;
      fs.renameSync(from, to);
    };
    capture(folder, 'new', { fs: { ...fs, renameSync } });
    expect(contents(folder)).toEqual({ 'moved.bin': 'old', 'scheduler_memory.bin': 'new' });
  });

  test('fails when another process is always faster', () => {
    const folder = tempFolder();
    const linkSync: CaptureFs['linkSync'] = (from, to) => {
      fs.writeFileSync(to, 'theirs');
      fs.linkSync(from, to);
    };
    expect(failure(() => open(folder, { fs: { ...fs, linkSync } })).code).toBe('EEXIST');
    expect(Object.values(contents(folder))).not.toContain('');
  });
});

describe('fails because of', () => {
  test('a folder at the path of the file', () => {
    const folder = tempFolder();
    fs.mkdirSync(path.join(folder, 'scheduler_memory.bin'));
    expect(failure(() => open(folder)).message).toBe(
      `cannot open capture ${path.join(folder, 'scheduler_memory.bin')}: a folder is in its place`,
    );
  });

  test('a symbolic link, even a dangling one, which is neither followed nor moved', () => {
    const folder = tempFolder();
    const target = path.join(folder, 'target');
    fs.symlinkSync(target, path.join(folder, 'scheduler_memory.bin'));
    expect(failure(() => open(folder)).reason).toBe('a symbolic link is in its place');
    fs.writeFileSync(target, 'precious');
    expect(failure(() => open(folder)).reason).toBe('a symbolic link is in its place');
    expect(fs.readFileSync(target, 'utf8')).toBe('precious');
  });

  test('a pipe', () => {
    const folder = tempFolder();
    execFileSync('mkfifo', [path.join(folder, 'scheduler_memory.bin')]);
    expect(failure(() => open(folder)).reason).toBe('something that is no regular file is in its place');
  });

  test('a file at the path of the folder, or of a parent', () => {
    const folder = path.join(tempFolder(), 'home');
    fs.writeFileSync(folder, '');
    expect(failure(() => open(folder)).message).toBe(
      `cannot open capture ${folder}: a file is where its folder should be (EEXIST)`,
    );
    expect(failure(() => open(path.join(folder, 'below'))).message).toBe(
      `cannot open capture ${path.join(folder, 'below')}: not a directory (ENOTDIR)`,
    );
  });

  test('missing permission', () => {
    const folder = tempFolder();
    const readOnly: CaptureFs = { ...fs, openSync: fails('EACCES', 'permission denied', 'open') };
    const error = failure(() => open(folder, { fs: readOnly }));
    expect(error).toMatchObject({
      name: 'CaptureError',
      path: path.join(folder, 'scheduler_memory.bin'),
      operation: 'open',
      reason: 'permission denied',
      code: 'EACCES',
      message: `cannot open capture ${path.join(folder, 'scheduler_memory.bin')}: permission denied (EACCES)`,
    });
    const noFolder: CaptureFs = { ...fs, mkdirSync: fails('EROFS', 'read-only file system', 'mkdir') };
    expect(failure(() => open(folder, { fs: noFolder })).reason).toBe('read-only file system');
  });

  test('a folder without write permission', () => {
    const folder = tempFolder();
    fs.chmodSync(folder, 0o555);
    becomeNobody();
    const error = failure(() => open(folder));
    expect([error.operation, error.code, error.reason]).toEqual(['open', 'EACCES', 'permission denied']);
  });
});
