import { execFileSync } from 'node:child_process';
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { readRegularFile } from '../../src/config/file/regular-file.js';

const MAX = 100_000;

test('reads a regular file whole, up to the limit', () => {
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

test('refuses a folder', () => {
  expect(() => readRegularFile(tempFolder(), MAX)).toThrow('EINVAL');
});

test("throws the system's error for a missing file", () => {
  expect(() => readRegularFile(join(tempFolder(), 'none'), MAX)).toThrow('ENOENT');
});

test.skipIf(!existsSync('/dev/zero'))('refuses devices without an end', () => {
  for (const device of ['/dev/zero', '/dev/urandom', '/dev/tty']) {
    if (existsSync(device)) expect(() => readRegularFile(device, MAX)).toThrow('EINVAL');
  }
});

test.skipIf(process.platform === 'win32')('does not wait for a pipe without a writer', () => {
  const pipe = join(tempFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(() => readRegularFile(pipe, MAX)).toThrow('EINVAL');
});

test.skipIf(!existsSync('/proc/self/limits'))('reads a file that claims to be empty but is not', () => {
  expect(readRegularFile('/proc/self/limits', MAX).length).toBeGreaterThan(100);
  expect(() => readRegularFile('/proc/self/limits', 100)).toThrow('EFBIG');
});
