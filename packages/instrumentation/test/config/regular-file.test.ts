import { execFileSync } from 'node:child_process';
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { readRegularFile } from '../../src/config/regular-file.js';

const MAX = 100_000;

test('a regular file is read whole, up to the limit', () => {
  const file = join(tempFolder(), 'file');
  for (const bytes of [0, 1, 4095, 4096, 4097, MAX]) {
    writeFileSync(file, 'x'.repeat(bytes));
    expect(readRegularFile(file, MAX).length).toBe(bytes);
  }
  writeFileSync(file, 'x'.repeat(MAX + 1));
  expect(() => readRegularFile(file, MAX)).toThrow('EFBIG');
  truncateSync(file, 2 ** 40);
  expect(() => readRegularFile(file, MAX)).toThrow('EFBIG');
});

test('a folder is refused', () => {
  expect(() => readRegularFile(tempFolder(), MAX)).toThrow('EINVAL');
});

test('a missing file has the error of the system', () => {
  expect(() => readRegularFile(join(tempFolder(), 'none'), MAX)).toThrow('ENOENT');
});

test.skipIf(!existsSync('/dev/zero'))('devices without an end are refused', () => {
  for (const device of ['/dev/zero', '/dev/urandom', '/dev/tty']) {
    if (existsSync(device)) expect(() => readRegularFile(device, MAX)).toThrow('EINVAL');
  }
});

test.skipIf(process.platform === 'win32')('a pipe that nobody writes to is not waited for', () => {
  const pipe = join(tempFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(() => readRegularFile(pipe, MAX)).toThrow('EINVAL');
});

test.skipIf(!existsSync('/proc/self/limits'))('a file that says it is empty and is not is read', () => {
  expect(readRegularFile('/proc/self/limits', MAX).length).toBeGreaterThan(100);
  expect(() => readRegularFile('/proc/self/limits', 100)).toThrow('EFBIG');
});
