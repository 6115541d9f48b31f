// An application may replace anything in the language and in Node. heapray's work on its main thread must not
// end it, nor print more than heapray's own lines. Meanwhile its servers are queried and a component is
// traced.
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { httpGet } from '../../../../../test/support/http-get.js';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import type { NodeLine } from '../../../../../test/support/peers.js';
import { type RunningProcess, startProcess } from '../../../../../test/support/start-node.js';
import { programCommand, runProgram } from '../../support/profiled-program.js';

/** Number of programs that run at the same time; they mostly wait. */
const AT_ONCE = 6;
/** The oldest and the newest; heapray starts on 24 as on 22. */
const LINES: readonly NodeLine[] = ['22.15', '26'];
const { stdout: list } = await runProgram({ program: ['hostile.mjs', 'list'], plain: true });
const CHANGES = JSON.parse(list) as readonly string[];

for (const line of LINES) {
  describeWithPeer(`Node ${line}`, `node-${line}`, () => {
    test('an application that changes its globals continues to its own end', async () => {
      expect(CHANGES.length).toBeGreaterThan(25);
      const ends: Record<string, unknown> = {};
      const waiting = [...CHANGES];
      const next = async () => {
        for (let change = waiting.pop(); change !== undefined; change = waiting.pop()) {
          ends[change] = await endOf(line, change);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, next));
      const asWithout = { status: 7, stdout: 'done\n', stderr: '' };
      expect(ends).toEqual(Object.fromEntries(CHANGES.map((change) => [change, asWithout])));
    });

    test('an application with frozen intrinsics does too', async () => {
      const nodeArgs = ['--frozen-intrinsics', '--no-warnings'];
      const { status, stdout, stderr } = await runProgram({ program: ['working.mjs'], line, nodeArgs });
      expect({ status, stdout, stderr: withoutLog(stderr) }).toEqual({
        status: 7,
        stdout: 'done\n',
        stderr: '',
      });
    });
  });
}

async function endOf(line: NodeLine, change: string) {
  const env = {
    WORK_MILLIS: '2000',
    COMPONENT: 'job',
    HEAPRAY_TRACE_COMPONENTS: 'job',
    HEAPRAY_MAX_CAPTURES: '1',
  };
  const { command, args, options } = programCommand({ program: ['hostile.mjs', change], line, env });
  const program = startProcess(command, { args, ...options });
  await askServers(program);
  const { status } = await program.ended;
  return { status, stdout: program.stdout, stderr: withoutLog(program.stderr) };
}

/** Queries each server once, as soon as its address is known. */
async function askServers(program: RunningProcess): Promise<void> {
  const asked = new Set<string>();
  while (program.end === undefined) {
    for (const [, url = ''] of program.stderr.matchAll(/ on (http:\S+)\n/g)) {
      if (asked.has(url)) continue;
      asked.add(url);
      const page = url.endsWith('/') ? `${url}heap` : url;
      // Hang up now: the first answer takes long enough.
      await hangUp(page, `GET ${new URL(page).pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      await hangUp(page, 'no request\r\n\r\n');
      // The servers may be gone, or have no answer.
      await httpGet(page, { timeoutMillis: 1000 }).catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Sends a text and does not wait for an answer. */
async function hangUp(url: string, text: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('connect', () => socket.write(text, () => socket.destroy()));
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('close', resolve));
}

/** Removes heapray's own lines. */
function withoutLog(stderr: string): string {
  return stderr.replaceAll(/^heapray: .*\n/gm, '');
}
