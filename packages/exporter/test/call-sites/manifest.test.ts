// A package.json that is replaced between the check and the open.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { readManifest } from '../../src/call-sites/index.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Creates a folder whose package.json looks like a small file when it is checked. */
function folderThatLookedWell(): string {
  const folder = tempFolder();
  const small = path.join(folder, 'small');
  fs.writeFileSync(small, '{}');
  const looked = fs.statSync(small);
  vi.spyOn(fs, 'statSync').mockImplementation(() => looked);
  return folder;
}

const descriptors = () => fs.readdirSync('/proc/self/fd').length;

test('a large file is not read when it replaces the manifest after the check', () => {
  const folder = folderThatLookedWell();
  const content = `{"name":"huge","x":"${'x'.repeat(2_000_000)}"}`;
  fs.writeFileSync(path.join(folder, 'package.json'), content);
  const before = descriptors();
  expect(readManifest(folder)).toBeUndefined();
  expect(descriptors()).toBe(before);
});

test('a pipe does not block when it replaces the manifest after the check', () => {
  const folder = folderThatLookedWell();
  const pipe = path.join(folder, 'package.json');
  execFileSync('mkfifo', [pipe]);
  const opened = vi.spyOn(fs, 'openSync');
  // Opening it in any other way would block forever.
  vi.spyOn(fs, 'readFileSync').mockImplementation(() => '{"name":"pipe"}');
  expect(readManifest(folder)).toBeUndefined();
  expect(opened.mock.calls[0]?.[1]).toSatisfy((flags: number) => (flags & fs.constants.O_NONBLOCK) !== 0);
});

test('a file is not read to its end when it grows meanwhile', () => {
  const folder = tempFolder();
  fs.writeFileSync(path.join(folder, 'package.json'), `{"name":"grown"}${' '.repeat(10_000)}`);
  const real = fs.fstatSync;
  vi.spyOn(fs, 'fstatSync').mockImplementation(((descriptor: number) => {
    const stats = real(descriptor);
    stats.size = 16;
    return stats;
  }) as typeof fs.fstatSync);
  expect(readManifest(folder)).toBeUndefined();
});
