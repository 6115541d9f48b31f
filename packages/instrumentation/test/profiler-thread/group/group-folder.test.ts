import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { checkSocket, groupSocket } from '../../../src/profiler-thread/group/group-folder.js';

const ADDRESS = { host: '127.0.0.1', port: 6464 };
const uid = process.getuid!();
const socketIn = (parent: string) => groupSocket('debug', ADDRESS, [parent]);

test('makes a folder that only this user can enter, once', () => {
  const parent = tempFolder();
  const socket = socketIn(parent);
  const folder = path.dirname(socket);
  expect(lstatSync(folder).mode & 0o777).toBe(0o700);
  expect(folder).toBe(path.join(parent, `heapray-${uid}`));
  expect(socketIn(parent)).toBe(socket);
});

test('gives each address and kind of server a socket of its own', () => {
  const parent = tempFolder();
  const names = [
    groupSocket('debug', ADDRESS, [parent]),
    groupSocket('metrics', ADDRESS, [parent]),
    groupSocket('debug', { ...ADDRESS, port: 6465 }, [parent]),
    groupSocket('debug', { ...ADDRESS, host: '::1' }, [parent]),
  ];
  expect(new Set(names).size).toBe(4);
});

test('refuses a folder that others can enter, a link and a file', () => {
  const open = tempFolder();
  const folder = path.dirname(socketIn(open));
  chmodSync(folder, 0o755);
  expect(() => socketIn(open)).toThrow(/is open to other users/);

  const linked = tempFolder();
  const target = path.join(linked, 'target');
  mkdirSync(target, { mode: 0o700 });
  symlinkSync(target, path.join(linked, `heapray-${uid}`));
  expect(() => socketIn(linked)).toThrow(/is not a folder/);

  const file = tempFolder();
  writeFileSync(path.join(file, `heapray-${uid}`), '');
  expect(() => socketIn(file)).toThrow(/is not a folder/);
});

test.skipIf(uid !== 0)('refuses a folder of another user', async () => {
  const { chownSync } = await import('node:fs');
  const parent = tempFolder();
  chownSync(path.dirname(socketIn(parent)), 65_534, 65_534);
  expect(() => socketIn(parent)).toThrow(/belongs to another user/);
});

test('takes the first folder whose path is short enough for a socket', () => {
  const short = tempFolder();
  const long = path.join(short, 'x'.repeat(120));
  expect(groupSocket('debug', ADDRESS, [long, short])).toBe(socketIn(short));
  expect(() => groupSocket('debug', ADDRESS, [long])).toThrow(/short enough/);
});

test('takes the next folder when the first is missing or not private', () => {
  const [parent, open] = [tempFolder(), tempFolder()];
  const missing = path.join(parent, 'missing');
  mkdirSync(path.join(open, `heapray-${uid}`), { mode: 0o755 });
  expect(groupSocket('debug', ADDRESS, [missing, open, parent])).toBe(socketIn(parent));
  expect(() => groupSocket('debug', ADDRESS, [missing, open])).toThrow(/ENOENT/);
});

test('refuses a socket in a folder that others can enter', () => {
  const socket = socketIn(tempFolder());
  writeFileSync(socket, '');
  chmodSync(path.dirname(socket), 0o777);
  expect(() => checkSocket(socket)).toThrow(/is open to other users/);
});

test('refuses a socket that is a file or a link', () => {
  const folder = tempFolder();
  const socket = path.join(folder, 'x.sock');
  expect(checkSocket(socket)).toBe(false);
  symlinkSync('/nowhere', socket);
  expect(() => checkSocket(socket)).toThrow(/is not a socket/);
});

test('uses a named pipe on Windows', () => {
  expect(groupSocket('debug', ADDRESS, [], 'win32')).toMatch(/^\\\\\.\\pipe\\heapray-.+-[0-9a-f]{24}$/);
});
