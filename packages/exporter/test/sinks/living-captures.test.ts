// Captures that others write are never moved or deleted, and captures without a writer are never in the way.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { MemrayWriter } from '../../src/memray/index.js';
import { type CaptureFs, ownerNote } from '../../src/sinks/index.js';
import { capture, contents, NOW, open, STAMP } from './captures.js';

const NAME = 'scheduler_memory.bin';
const OWN = `scheduler_memory.${process.pid}.bin`;
const MINUTE = 60_000;

/** Returns the first bytes of a capture with this note; without a note, as other programs write it. */
function headWith(note: string | undefined, pid = 1): Uint8Array {
  const writer = new MemrayWriter({ commandLine: 'node app.js', pid, startTimeMillis: 1 });
  writer.memoryRecord(1, 1);
  if (note !== undefined) writer.threadName(1, note);
  writer.threadName(1, 'main');
  writer.memoryRecord(1, 2);
  return writer.take();
}

/** Returns the note of another process, or of this one with some changes. */
function noteOf(
  changes: Readonly<Record<string, string | number>>,
  state: 'writing' | 'written' = 'writing',
) {
  let note = ownerNote(state);
  for (const [key, value] of Object.entries(changes))
    note = note.replace(new RegExp(`${key}=[^ ;]*`), `${key}=${value}`);
  return note;
}

/** Starts a process that lives until the test ends. Returns it with its start time. */
async function living(): Promise<{ child: ChildProcess; pid: number; start: string }> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)']);
  atEnd(() => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  const stat = fs.readFileSync(`/proc/${child.pid}/stat`, 'latin1');
  return { child, pid: child.pid!, start: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]! };
}

function put(folder: string, name: string, note: string | undefined, pid?: number): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, headWith(note, pid));
  return file;
}

const names = (folder: string) => fs.readdirSync(folder).sort();

describe.runIf(process.platform === 'linux')('a capture of another process', () => {
  test('is left alone while the process lives, and moved away when it has ended', async () => {
    const folder = tempFolder();
    const { child, pid, start } = await living();
    put(folder, NAME, noteOf({ pid, start }));
    put(folder, `scheduler_memory.${STAMP}.bin`, noteOf({ pid, start }));
    expect(capture(folder, 'x', { maxCaptures: 1 }).path).toBe(path.join(folder, OWN));
    expect(names(folder)).toEqual([`scheduler_memory.${STAMP}.bin`, OWN, NAME].sort());
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(capture(folder, 'y').path).toBe(path.join(folder, NAME));
    expect(
      Object.values(contents(folder))
        .filter((text) => text.length < 10)
        .sort(),
    ).toEqual(['x', 'y']);
    expect(names(folder)).toHaveLength(4);
  });

  test('has ended when a live process only has the same ID', async () => {
    const folder = tempFolder();
    const { pid, start } = await living();
    put(folder, NAME, noteOf({ pid, start: Number(start) - 1 }));
    expect(capture(folder, 'x').path).toBe(path.join(folder, NAME));
    expect(names(folder)).toEqual([`scheduler_memory.${STAMP}.bin`, NAME]);
  });

  test('without a note is still written when a live process has it open', async () => {
    const folder = tempFolder();
    const file = put(folder, NAME, undefined);
    const script = `require('fs').openSync(${JSON.stringify(file)}, 'r+'); console.log('up'); setInterval(() => {}, 1e3)`;
    const child = spawn(process.execPath, ['-e', script]);
    atEnd(() => child.kill('SIGKILL'));
    await once(child.stdout!, 'data');
    fs.writeFileSync(file, headWith(undefined, child.pid));
    expect(capture(folder, 'x').path).toBe(path.join(folder, OWN));
    const { pid } = await living();
    fs.writeFileSync(file, headWith(undefined, pid));
    expect(capture(folder, 'y').path).toBe(path.join(folder, NAME));
  });

  test('is not deleted by age, whatever its clock', async () => {
    const folder = tempFolder();
    const { pid, start } = await living();
    const old = 'scheduler_memory.19700101T000000Z.bin';
    put(folder, old, noteOf({ pid, start }));
    fs.utimesSync(path.join(folder, old), 0, 0);
    for (let at = 0; at < 4; at++) capture(folder, `${at}`, { maxCaptures: 2 });
    expect(names(folder)).toContain(old);
    expect(
      Object.values(contents(folder))
        .filter((text) => text.length < 10)
        .sort(),
    ).toEqual(['2', '3']);
  });

  test('gets its name back when it is created just while an ended one is moved away', async () => {
    const folder = tempFolder();
    const { pid, start } = await living();
    const file = path.join(folder, NAME);
    fs.writeFileSync(file, 'old');
    let raced = false;
    const renameSync: CaptureFs['renameSync'] = (from, to) => {
      if (!raced) {
        raced = true;
        fs.renameSync(file, path.join(folder, 'moved.bin'));
        put(folder, NAME, noteOf({ pid, start }));
      }
      fs.renameSync(from, to);
    };
    const { ino } = fs.statSync(file);
    expect(capture(folder, 'x', { fs: { ...fs, renameSync } }).path).toBe(path.join(folder, OWN));
    expect(fs.statSync(file).ino).not.toBe(ino);
    expect(names(folder)).toEqual(['moved.bin', OWN, NAME].sort());
  });
});

describe('a capture of another container or machine', () => {
  const FOREIGN = [
    ['container', { namespace: 4_026_500_000 }],
    ['machine', { machine: 'another-boot' }],
  ] as const;

  test.each(FOREIGN)(
    '%s: its process may be alive, so it is moved only after ten minutes without changes',
    (_, changes) => {
      const folder = tempFolder();
      const file = put(folder, NAME, noteOf({ ...changes, pid: 1 }));
      let now = 1000;
      const own = open(folder, { steadyNow: () => now });
      own.append(Buffer.from('x'));
      expect(own.path).toBe(path.join(folder, OWN));
      const lookAfter = (minutes: number) => {
        now += minutes * MINUTE;
        expect(own.prune()).toEqual([]);
        return names(folder).includes(NAME);
      };
      expect(lookAfter(9)).toBe(true);
      // Neither its size nor a wrong clock make it old: only the time without changes.
      fs.utimesSync(file, 0, 0);
      expect(lookAfter(2)).toBe(true);
      fs.appendFileSync(file, 'more');
      expect(lookAfter(9)).toBe(true);
      expect(lookAfter(9)).toBe(true);
      expect(lookAfter(2)).toBe(false);
      expect(names(folder)).toEqual([`scheduler_memory.${STAMP}.bin`, OWN].sort());
      own.close();
    },
  );

  test.each(FOREIGN)('%s: a finished one is kept and deleted like any other', (_, changes) => {
    const folder = tempFolder();
    put(folder, NAME, noteOf(changes, 'written'));
    expect(capture(folder, 'x', { maxCaptures: 1 }).path).toBe(path.join(folder, NAME));
    expect(contents(folder)).toEqual({ [NAME]: 'x' });
  });

  test('with the ID of this process gets another name', () => {
    const folder = tempFolder();
    for (const name of [NAME, OWN]) put(folder, name, noteOf({ namespace: 1 }));
    const second = `scheduler_memory.${process.pid}-2.bin`;
    expect(capture(folder, 'x').path).toBe(path.join(folder, second));
    expect(names(folder)).toEqual([NAME, OWN, second].sort());
  });
});

describe('captures of this process', () => {
  test('have separate names when open, and the third one a number', () => {
    const folder = tempFolder();
    const files = [1, 2, 3].map(() => open(folder, { head: headWith(ownerNote('writing')) }));
    expect(files.map((file) => path.basename(file.path))).toEqual([
      NAME,
      OWN,
      `scheduler_memory.${process.pid}-2.bin`,
    ]);
    for (const file of files) expect(file.prune()).toEqual([]);
    expect(names(folder)).toHaveLength(3);
    for (const file of files) file.close();
    // They have no writer any more.
    capture(folder, 'x', { maxCaptures: 1 });
    expect(contents(folder)).toEqual({ [NAME]: 'x' });
  });

  test('are marked as written when they are closed', () => {
    const folder = tempFolder();
    const file = open(folder, { head: headWith(ownerNote('writing')) });
    expect(fs.readFileSync(file.path, 'latin1')).toContain('heapray:writing machine=');
    file.close();
    expect(fs.readFileSync(file.path, 'latin1')).toContain('heapray:written machine=');
  });

  test('have ended when their thread has', () => {
    const folder = tempFolder();
    put(folder, NAME, noteOf({ thread: threadId + 1 }));
    expect(capture(folder, 'x').path).toBe(path.join(folder, OWN));
    expect(capture(folder, 'y', { endedThreads: [threadId + 1] }).path).toBe(path.join(folder, NAME));
    expect(names(folder)).toContain(`scheduler_memory.${STAMP}.bin`);
  });

  test('get their previous name when they start again', () => {
    const folder = tempFolder();
    const first = open(folder);
    const second = open(folder);
    first.close();
    second.close();
    const next = capture(folder, 'next', { preferred: second.path });
    expect(next.path).toBe(second.path);
  });
});

describe('pruning', () => {
  test('deletes those moved away first, even when the clock was set back', () => {
    const folder = tempFolder();
    const clocks = [NOW, NOW + 1e9, NOW - 1e9, NOW - 2e9, NOW - 3e9, 0];
    for (const [at, now] of clocks.entries()) capture(folder, `${at}`, { maxCaptures: 3, now: () => now });
    expect(Object.values(contents(folder)).sort()).toEqual(['3', '4', '5']);
  });

  test('neither deletes nor counts other running captures', () => {
    const folder = tempFolder();
    const running = Array.from({ length: 8 }, () => open(folder, { head: headWith(ownerNote('writing')) }));
    for (const text of ['1', '2', '3', '4']) capture(folder, text, { maxCaptures: 2 });
    for (const file of running) expect(fs.existsSync(file.path)).toBe(true);
    const ended = Object.values(contents(folder)).filter((text) => text.length === 1);
    expect(ended.sort()).toEqual(['3', '4']);
    for (const file of running) file.close();
  });
});

describe('leftovers in the way', () => {
  const REMAINS: readonly (readonly [string, Uint8Array])[] = [
    ['an empty file', new Uint8Array()],
    ['an LZ4 frame of 11 bytes', Buffer.from('04224d186040820000000000'.slice(0, 22), 'hex')],
    ['an LZ4 magic number', Buffer.from('04224d18', 'hex')],
    ['half a magic number', Buffer.from('memr')],
  ];

  test.each(REMAINS)('%s: is removed, and no capture is deleted for it', (_, bytes) => {
    const folder = tempFolder();
    capture(folder, 'good', { maxCaptures: 2 });
    fs.renameSync(path.join(folder, NAME), path.join(folder, `scheduler_memory.${STAMP}.bin`));
    fs.writeFileSync(path.join(folder, NAME), bytes);
    expect(capture(folder, 'x', { maxCaptures: 2 }).path).toBe(path.join(folder, NAME));
    expect(contents(folder)).toEqual({ [NAME]: 'x', [`scheduler_memory.${STAMP}.bin`]: 'good' });
  });

  test('an unfinished version is removed at once when its process has ended, but never while it lives', async () => {
    const folder = tempFolder();
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const ended = put(folder, `${NAME}.${pid}-1.tmp`, noteOf({ pid, start: 1 }));
    const elsewhere = put(folder, `${NAME}.${pid}-2.tmp`, noteOf({ pid, namespace: 1 }));
    const others = put(folder, `${OWN}.${pid}-1.tmp`, noteOf({ pid, start: 1 }));
    const old = new Date(NOW - 1e10);
    for (const file of [ended, elsewhere]) fs.utimesSync(file, old, old);
    capture(folder, 'x');
    expect([ended, elsewhere, others].map((file) => fs.existsSync(file))).toEqual([false, true, false]);
  });

  test('a leftover that may not be moved only changes the name of the capture', () => {
    const folder = tempFolder();
    capture(folder, 'of another user');
    const renameSync: CaptureFs['renameSync'] = (from, to) => {
      if (from === path.join(folder, NAME)) throw Object.assign(new Error('EPERM: no'), { code: 'EPERM' });
      fs.renameSync(from, to);
    };
    expect(capture(folder, 'x', { fs: { ...fs, renameSync } }).path).toBe(path.join(folder, OWN));
    expect(contents(folder)).toEqual({ [NAME]: 'of another user', [OWN]: 'x' });
  });
});

describe('isInPlace', () => {
  const LOSSES: readonly (readonly [string, (file: string, folder: string) => void])[] = [
    ['removed', (file) => fs.unlinkSync(file)],
    ['moved', (file) => fs.renameSync(file, `${file}.old`)],
    ['replaced', (file) => fs.renameSync(put(path.dirname(file), 'other', undefined), file)],
    ['its folder moved', (_, folder) => fs.renameSync(folder, `${folder}-old`)],
    [
      'its folder swapped',
      (_, folder) => {
        fs.renameSync(folder, `${folder}-old`);
        fs.mkdirSync(folder);
        fs.writeFileSync(path.join(folder, NAME), 'other');
      },
    ],
    [
      'a file where its folder was',
      (_, folder) => {
        fs.renameSync(folder, `${folder}-old`);
        fs.writeFileSync(folder, '');
      },
    ],
  ];

  test.each(LOSSES)('%s: is false', (_, lose) => {
    const folder = path.join(tempFolder(), 'home');
    const file = open(folder);
    expect(file.isInPlace).toBe(true);
    lose(file.path, folder);
    expect(file.isInPlace).toBe(false);
    file.close();
  });

  test('is true when the folder cannot be read', () => {
    const folder = tempFolder();
    let denied = false;
    const lstatSync = ((...args: Parameters<typeof fs.lstatSync>) => {
      if (denied) throw Object.assign(new Error('EACCES: no'), { code: 'EACCES' });
      return fs.lstatSync(...args);
    }) as CaptureFs['lstatSync'];
    const file = open(folder, { fs: { ...fs, lstatSync } });
    denied = true;
    expect(file.isInPlace).toBe(true);
    file.close();
  });
});
