// An application may change whatever the language and Node give it. What heapray does on its main thread then neither
// ends it nor says more than heapray's own lines, while its servers are asked and a component of it is traced.
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import type { NodeLine } from '../../../../test/support/peers.js';
import { type RunningProcess, startProcess } from '../../../../test/support/start-node.js';
import { programCommand, runProgram } from '../support/profiled-program.js';

/** So many programs run at the same time; most of it, they wait. */
const AT_ONCE = 6;
const LINES: readonly NodeLine[] = ['22.15', '24', '26'];
const { stdout: list } = await runProgram({ program: ['hostile.mjs', 'list'], plain: true });
const CHANGES = JSON.parse(list) as readonly string[];

for (const line of LINES) {
  describeWithPeer(`Node ${line}`, `node-${line}`, () => {
    test('an application that changes its globals goes on to its own end', async () => {
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

    test('an application with frozen intrinsics too', async () => {
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

/** Asks each server once, as soon as its address is known. */
async function askServers(program: RunningProcess): Promise<void> {
  const asked = new Set<string>();
  while (program.end === undefined) {
    for (const [, url = ''] of program.stderr.matchAll(/ on (http:\S+)\n/g)) {
      if (asked.has(url)) continue;
      asked.add(url);
      const page = url.endsWith('/') ? `${url}heap` : url;
      // The first answer takes long enough.
      await hangUp(page, `GET ${new URL(page).pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      await hangUp(page, 'no request\r\n\r\n');
      // They may be gone, or have nothing to say.
      await httpGet(page, { timeoutMillis: 1000 }).catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Sends something and does not wait for an answer. */
async function hangUp(url: string, text: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('connect', () => socket.write(text, () => socket.destroy()));
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('close', resolve));
}

/** Without heapray's own lines. */
function withoutLog(stderr: string): string {
  return stderr.replaceAll(/^heapray: .*\n/gm, '');
}
