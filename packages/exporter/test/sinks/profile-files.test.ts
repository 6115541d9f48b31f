// Profiles of processes near a memory limit, and of their predecessors, in one folder.
import { spawnSync } from 'node:child_process';
import fs, {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { ProfileFiles } from '../../src/sinks/index.js';

const ENDED_PID = Number(spawnSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).stdout);

function filesIn(folder: string, options: Partial<ConstructorParameters<typeof ProfileFiles>[0]> = {}) {
  return new ProfileFiles({ folder, component: 'shop', what: 'oom', keep: 3, ...options });
}

const contents = (text: string) => ({ pprof: Buffer.from(`pprof ${text}`), text: `${text}\n` });
const namesIn = (folder: string) => readdirSync(folder).sort();
const textIn = (folder: string, name: string) => readFileSync(path.join(folder, name), 'utf8');

/** Writes the text of a process, with the line that names it as `ProfileFiles` does. */
function leave(folder: string, name: string, pid: number, text = 'old'): void {
  filesIn(folder, { what: 'note' }).replace(contents(text));
  const note = textIn(folder, 'shop_note.txt').replace(/pid=\d+ start=\d+/, `pid=${pid} start=1`);
  for (const one of ['shop_note.txt', 'shop_note.pb.gz']) fs.unlinkSync(path.join(folder, one));
  writeFileSync(path.join(folder, `${name}.txt`), note);
  writeFileSync(path.join(folder, `${name}.pb.gz`), text);
  utimesSync(path.join(folder, `${name}.txt`), 1_764_000_000, 1_764_000_000);
}

test('replaces both files when written again, and leaves nothing else', () => {
  const folder = path.join(tempFolder(), 'made', 'on', 'demand');
  const files = filesIn(folder);
  expect(files.replace(contents('first'))).toBe(path.join(folder, 'shop_oom.pb.gz'));
  files.replace(contents('second'));
  expect(namesIn(folder)).toEqual(['shop_oom.pb.gz', 'shop_oom.txt']);
  expect(textIn(folder, 'shop_oom.pb.gz')).toBe('pprof second');
  expect(textIn(folder, 'shop_oom.txt')).toMatch(/^second\nheapray:writing .* pid=\d+ .*;\n$/);
  expect(statSync(path.join(folder, 'shop_oom.txt')).mode & 0o777).toBe(0o600);
});

test('gives the profile of an ended process its date when a new one is written', () => {
  const folder = tempFolder();
  leave(folder, 'shop_oom', ENDED_PID);
  filesIn(folder).replace(contents('new'));
  const dated = 'shop_oom.20251124T160000Z';
  expect(namesIn(folder)).toEqual([`${dated}.pb.gz`, `${dated}.txt`, 'shop_oom.pb.gz', 'shop_oom.txt']);
  expect(textIn(folder, `${dated}.pb.gz`)).toBe('old');
});

test('takes a name with the process ID when another process writes the first', () => {
  const folder = tempFolder();
  const other = spawnSync('true').pid;
  expect(other).toBeGreaterThan(0);
  leave(folder, 'shop_oom', process.ppid);
  const note = textIn(folder, 'shop_oom.txt').replace('start=1', `start=${startOf(process.ppid)}`);
  writeFileSync(path.join(folder, 'shop_oom.txt'), note);
  const files = filesIn(folder);
  expect(files.replace(contents('mine'))).toBe(path.join(folder, `shop_oom.${process.pid}.pb.gz`));
  files.prune();
  expect(textIn(folder, 'shop_oom.pb.gz')).toBe('old');
});

test('keeps the newest profiles when there are too many', () => {
  const folder = tempFolder();
  const stamps = ['20251101T000000Z', '20251102T000000Z-10', '20251102T000000Z-2', '20251103T000000Z'];
  for (const stamp of stamps) leave(folder, `shop_oom.${stamp}`, ENDED_PID);
  leave(folder, 'shop_oom.77777', ENDED_PID);
  writeFileSync(path.join(folder, 'shop_oom.txt.bak'), 'of somebody else');
  writeFileSync(path.join(folder, `shop_oom.pb.gz.${ENDED_PID}-1.tmp`), 'left over');
  utimesSync(path.join(folder, `shop_oom.pb.gz.${ENDED_PID}-1.tmp`), 1, 1);
  const files = filesIn(folder);
  files.replace(contents('new'));
  expect(files.prune()).toEqual([]);
  expect(namesIn(folder).filter((name) => !name.endsWith('.pb.gz'))).toEqual([
    'shop_oom.20251103T000000Z.txt',
    'shop_oom.20251124T160000Z.txt',
    'shop_oom.txt',
    'shop_oom.txt.bak',
  ]);
});

test('adds dated profiles under names of their own when several come in a second', () => {
  const folder = tempFolder();
  const files = filesIn(folder, { what: 'leak', now: () => 1_764_000_000_000, keep: 2 });
  for (const text of ['a', 'b', 'c']) files.add(contents(text));
  files.prune();
  expect(namesIn(folder)).toEqual(
    ['2.pb.gz', '2.txt', '3.pb.gz', '3.txt'].map((rest) => `shop_leak.20251124T160000Z-${rest}`),
  );
});

test('keeps the last profile whole when the disk is full', () => {
  const folder = tempFolder();
  let isFull = false;
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const writeSync = ((...args: Parameters<typeof fs.writeSync>) => {
    if (isFull) throw full;
    return fs.writeSync(...args);
  }) as typeof fs.writeSync;
  const files = filesIn(folder, { fs: { ...fs, writeSync } });
  files.replace(contents('whole'));
  isFull = true;
  expect(() => files.replace(contents('too much'))).toThrow(
    expect.objectContaining({ name: 'CaptureError', code: 'ENOSPC', reason: 'no space left on device' }),
  );
  expect(namesIn(folder)).toEqual(['shop_oom.pb.gz', 'shop_oom.txt']);
  expect(textIn(folder, 'shop_oom.txt')).toMatch(/^whole\n/);
});

test('leaves a folder in place of a file alone when it writes', () => {
  const folder = tempFolder();
  mkdirSync(path.join(folder, 'shop_oom.txt'));
  expect(filesIn(folder).replace(contents('mine'))).toContain(`.${process.pid}.`);
});

test('says why when the folder cannot be written', () => {
  const file = path.join(tempFolder(), 'file');
  writeFileSync(file, '');
  // A file instead of a folder stops root too; rights do not.
  expect(() => filesIn(path.join(file, 'below')).replace(contents('mine'))).toThrow(/ENOTDIR/);
  const folder = tempFolder();
  chmodSync(folder, 0o500);
  if (process.getuid?.() !== 0) expect(() => filesIn(folder).replace(contents('mine'))).toThrow(/EACCES/);
});

function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
