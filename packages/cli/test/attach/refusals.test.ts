// Processes that cannot be attached to: each gives one line, and runs on.
import { copyFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { freePort } from '../../../../test/support/free-port.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { type RunningProcess, startNode, startProcess } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { attachTo } from '../../src/attach/attach-to.js';
import { attachableProcess, findInspector, openInspector } from '../../src/attach/open-inspector.js';
import { readProcess } from '../../src/attach/process/process-facts.js';
import { heapray } from '../support/heapray.js';

const IDLE = "setInterval(() => {}, 1000); console.log('ready')";

async function startIdle(options: readonly string[], script = IDLE): Promise<RunningProcess> {
  const program = startNode({ args: [...options, '-e', script] });
  await program.waitForOutput(/ready/);
  return program;
}

/** Starts a program that is called node, and is none. */
async function startOtherNode(): Promise<RunningProcess> {
  const file = path.join(tempFolder(), 'node');
  copyFileSync('/bin/sleep', file);
  const program = startProcess(file, { args: ['1000'] });
  await pollUntil(() => readProcess(program.pid)?.executable === file, { what: 'the program to run' });
  return program;
}

describe('refuses', () => {
  test('an ID that no process has, and what is none', async () => {
    const { pid } = await (async () => {
      const program = await startIdle([]);
      const { pid } = program;
      await program.kill();
      return { pid };
    })();
    expect(await heapray(['attach', `${pid}`])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `heapray: there is no process ${pid}\n`,
    });
    expect(await heapray(['attach', 'x'])).toMatchObject({ status: 2, stdout: '' });
  });

  test('a program that is not Node, without a signal to it', async () => {
    const program = await startOtherNode();
    expect(() => attachableProcess(program.pid)).toThrow(
      `process ${program.pid} is node, and not Node with an inspector`,
    );
    expect(program.end).toBeUndefined();
  });

  test('a process with --disable-sigusr1, without a signal to it', async () => {
    const program = await startIdle(['--disable-sigusr1']);
    const facts = attachableProcess(program.pid);
    expect(await findInspector(facts)).toBeUndefined();
    await expect(openInspector(facts, 1000)).rejects.toThrow(/--disable-sigusr1/);
  });

  test('a process whose port of the inspector is taken, and names who has it', async () => {
    const port = await freePort();
    const program = await startIdle([`--inspect-port=${port}`]);
    const server = net.createServer().listen(port, '127.0.0.1');
    atEnd(() => server.close());
    await pollUntil(() => server.listening, { what: 'the port' });
    await expect(openInspector(attachableProcess(program.pid), 1000)).rejects.toThrow(
      `port ${port} is in use by process ${process.pid}`,
    );
    expect(program.stderr).toBe('');
  });

  test('a process with a handler of its own for SIGUSR1', async () => {
    const script = `process.on('SIGUSR1', () => console.log('own')); ${IDLE}`;
    const program = await startIdle(['--inspect-port=0'], script);
    await expect(openInspector(attachableProcess(program.pid), 500)).rejects.toThrow(/a handler of its own/);
    await program.waitForOutput(/own/);
    expect(program.end).toBeUndefined();
  });
});

describe('a process whose main thread waits in a system call', () => {
  const BLOCKED = "console.log('ready'); require('node:child_process').execFileSync('sleep', ['5'])";

  test('is left alone after the time, or when the command is to end', async () => {
    const program = await startIdle(['--inspect=127.0.0.1:0'], BLOCKED);
    await expect(attachTo(program.pid, { timeoutMillis: 300 })).rejects.toThrow(
      `process ${program.pid}: its main thread does not answer`,
    );
    const ending = new AbortController();
    const attaching = attachTo(program.pid, { signal: ending.signal });
    ending.abort(new Error('interrupted'));
    await expect(attaching).rejects.toThrow('interrupted');
  });
});
