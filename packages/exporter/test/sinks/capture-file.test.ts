import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import type { CaptureFs } from '../../src/sinks/index.js';
import { failure, limited, open, smallDisk, systemError } from './captures.js';

describe('append and patch', () => {
  test('write everything, even with short writes', () => {
    const folder = tempFolder();
    const writeSync = (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) =>
      fs.writeSync(fd, bytes, offset, Math.min(3, length), position);
    const file = open(folder, { fs: { ...fs, writeSync: writeSync as CaptureFs['writeSync'] } });
    file.append(Buffer.from('hello '));
    file.append(Buffer.from('world, all of you'));
    file.append(new Uint8Array());
    file.patch(1, Buffer.from('ELLO'));
    expect(file.length).toBe(23);
    file.close();
    expect(fs.readFileSync(file.path, 'utf8')).toBe('hELLO world, all of you');
  });

  test('a failed append leaves the file at the previous append, and the next may succeed', () => {
    const folder = tempFolder();
    let room = 10;
    const file = open(folder, { fs: { ...fs, writeSync: limited(() => room) } });
    file.append(Buffer.from('12345678'));
    const error = failure(() => file.append(Buffer.from('abcdefgh')));
    expect(error.message).toBe(`cannot append to capture ${file.path}: no space left on device (ENOSPC)`);
    expect(fs.readFileSync(file.path, 'utf8')).toBe('12345678');
    expect(file.length).toBe(8);
    room = 100;
    file.append(Buffer.from('ABC'));
    file.close();
    expect(fs.readFileSync(file.path, 'utf8')).toBe('12345678ABC');
  });

  test('a partial write that could not be removed is removed before the next append', () => {
    const folder = tempFolder();
    let room = 10;
    let broken = true;
    const ftruncateSync: CaptureFs['ftruncateSync'] = (fd, length) => {
      if (broken) throw systemError('EIO', 'i/o error', 'ftruncate');
      fs.ftruncateSync(fd, length);
    };
    const file = open(folder, { fs: { ...fs, writeSync: limited(() => room), ftruncateSync } });
    file.append(Buffer.from('12345678'));
    expect(failure(() => file.append(Buffer.from('abcdefgh'))).code).toBe('ENOSPC');
    room = 100;
    expect(failure(() => file.append(Buffer.from('!'))).code).toBe('EIO');
    expect(fs.readFileSync(file.path, 'utf8')).toBe('12345678ab');
    broken = false;
    file.append(Buffer.from('!'));
    file.close();
    expect(fs.readFileSync(file.path, 'utf8')).toBe('12345678!');
  });

  test('a system that writes nothing causes an error', () => {
    const file = open(tempFolder(), { fs: { ...fs, writeSync: () => 0 } });
    expect(failure(() => file.append(Buffer.from('x'))).reason).toBe('the system wrote nothing');
    file.close();
  });

  test('a patch must be inside the file', () => {
    const file = open(tempFolder());
    file.append(Buffer.from('1234'));
    for (const [offset, length] of [
      [3, 2],
      [-1, 1],
      [5, 0],
      [0.5, 1],
    ] as const) {
      expect(() => file.patch(offset, new Uint8Array(length))).toThrow(RangeError);
    }
    file.close();
  });

  test('a failed patch throws', () => {
    const folder = tempFolder();
    let room = 10;
    const file = open(folder, { fs: { ...fs, writeSync: limited(() => room) } });
    file.append(Buffer.from('1234'));
    room = 0;
    expect(failure(() => file.patch(0, Buffer.from('x'))).message).toBe(
      `cannot patch capture ${file.path}: no space left on device (ENOSPC)`,
    );
    file.close();
  });

  test('close may be called twice; later calls are rejected', () => {
    const file = open(tempFolder());
    file.close();
    file.close();
    expect(failure(() => file.append(Buffer.from('x'))).message).toBe(
      `cannot append to capture ${file.path}: it is closed`,
    );
    expect(failure(() => file.patch(0, new Uint8Array())).operation).toBe('patch');
  });

  test('an error of close is thrown', () => {
    const file = open(tempFolder(), {
      fs: {
        ...fs,
        closeSync: (fd) => {
          fs.closeSync(fd);
          throw systemError('EDQUOT', 'disk quota exceeded', 'close');
        },
      },
    });
    expect(failure(() => file.close()).message).toBe(
      `cannot close capture ${file.path}: disk quota exceeded (EDQUOT)`,
    );
  });
});

describe('a full disk', () => {
  test('accepts as many whole appends as fit', () => {
    const { folder, fs: disk } = smallDisk();
    const file = open(folder, { fs: disk });
    const chunk = Buffer.alloc(10_000, 'x');
    const error = failure(() => {
      for (;;) file.append(chunk);
    });
    expect(error).toMatchObject({ operation: 'append', code: 'ENOSPC', reason: 'no space left on device' });
    expect(file.length).toBeGreaterThan(0);
    expect(file.length % chunk.length).toBe(0);
    expect(fs.statSync(file.path).size).toBe(file.length);
    file.close();
  });

  test("is reported with the kernel's error", () => {
    const written = fs.openSync('/dev/full', 'w');
    const writeSync = ((_fd: number, ...rest: [Uint8Array, number, number, number]) =>
      fs.writeSync(written, ...rest)) as CaptureFs['writeSync'];
    const file = open(tempFolder(), { fs: { ...fs, writeSync } });
    expect(failure(() => file.append(Buffer.from('x'))).message).toBe(
      `cannot append to capture ${file.path}: no space left on device (ENOSPC)`,
    );
    file.close();
    fs.closeSync(written);
  });
});
