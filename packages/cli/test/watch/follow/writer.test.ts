// The process that writes a capture: it has the file open for writing, and does not only have the same ID.
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { atEnd } from '../../../../../test/support/cleanup.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { startProcess } from '../../../../../test/support/start-node.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import {
  type Processes,
  ProcessWriter,
  type WrittenCapture,
} from '../../../src/watch/follow/capture-writer.js';
import { ProcessTable } from '../../../src/watch/follow/process-table.js';

const ALONE: Processes = { withNamespacePid: () => [], descendantsOf: () => undefined };

function captureFile(): string {
  const file = path.join(tempFolder(), 'scheduler_memory.bin');
  writeFileSync(file, 'capture');
  return file;
}

function written(file: string, pid: number): WrittenCapture {
  const { dev, ino } = statSync(file);
  const header = { pid, startTimeMillis: Date.now(), commandLine: 'app.py' } as WrittenCapture['header'];
  return { header, dev, ino };
}

/** Makes a shell wait forever, until it is killed. */
const SUSPEND = 'kill -STOP $$';

/** Starts a shell that keeps the file open. Returns its process ID when it is open. */
async function opener(redirection: string): Promise<number> {
  const shell = startProcess('sh', { args: ['-c', `exec 3${redirection}; echo open; ${SUSPEND}`] });
  await shell.waitForOutput(/open/);
  return shell.pid;
}

test('finds a process that has it open for writing', async () => {
  const file = captureFile();
  const pid = await opener(`<>'${file}'`);
  expect(new ProcessWriter(ALONE).find(written(file, pid))).toBe(true);
});

test('ignores a process that only reads it, has another file open, or does not exist', async () => {
  const file = captureFile();
  const reader = await opener(`<'${file}'`);
  const other = await opener(`<>'${captureFile()}'`);
  for (const pid of [reader, other, 1, 0, -1, 2 ** 30]) {
    expect([pid, new ProcessWriter(ALONE).find(written(file, pid))]).toEqual([pid, false]);
  }
});

test('ignores its own process', () => {
  const file = captureFile();
  const fd = openSync(file, 'r+');
  atEnd(() => closeSync(fd));
  expect(new ProcessWriter(ALONE).find(written(file, process.pid))).toBe(false);
});

test('finds a process that has another ID here', async () => {
  const file = captureFile();
  const pid = await opener(`<>'${file}'`);
  const processes = {
    ...ALONE,
    withNamespacePid: (inner: number) => (inner === 1 ? [process.pid, pid] : []),
  };
  const writer = new ProcessWriter(processes);
  expect(writer.find(written(file, 1))).toBe(true);
  expect(new ProcessWriter(processes).find(written(file, 2))).toBe(false);
});

test('finds none when the process has ended', async () => {
  const file = captureFile();
  const shell = startProcess('sh', { args: ['-c', `exec 3<>'${file}'; echo open; ${SUSPEND}`] });
  await shell.waitForOutput(/open/);
  const writer = new ProcessWriter(ALONE);
  expect(writer.find(written(file, shell.pid))).toBe(true);
  await shell.stop('SIGKILL');
  expect(writer.find(written(file, shell.pid))).toBe(false);
});

test('has the memory of its direct and indirect children', async () => {
  const file = captureFile();
  const child = `sh -c 'sh -c "sleep 60; :" & sleep 60; :' >/dev/null 2>&1`;
  const shell = startProcess('sh', { args: ['-c', `exec 3<>'${file}'; ${child} & echo open; ${SUSPEND}`] });
  await shell.waitForOutput(/open/);
  const children = await pollUntil(
    async () => {
      const processes = new ProcessTable(Date.now);
      await processes.refresh();
      const writer = new ProcessWriter(processes);
      writer.find(written(file, shell.pid));
      return (writer.children?.processes ?? 0) >= 4 && writer.children;
    },
    { what: 'two shells and what they started' },
  );
  expect(children.residentBytes).toBeGreaterThan(100_000);
  const idle = new ProcessWriter(new ProcessTable(Date.now));
  expect(idle.children).toBe(undefined);
});
