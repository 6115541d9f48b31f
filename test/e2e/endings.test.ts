// However an app ends, it ends as it does without heapray: with the same status and output, nothing on stderr but
// its own lines and heapray's log, and no crash during the exit.
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { NODE_VERSIONS, type NodeLine } from '../support/peers.js';
import type { CommandResult } from '../support/run-command.js';
import { appFolder } from './support/app-folder.js';
import { runApp } from './support/profiled-app.js';

const ENDINGS = ['natural', 'exit', 'exitCode', 'throw', 'reject'];
/** Ends when the sampler or the profiler thread has just started, and when both have worked for some time. */
const END_AFTER = ['0', '400'];
/** Each way to read the sampler: by bindings of two V8s, and by Node's own API. */
const LINES = NODE_VERSIONS.filter((line) => line !== '22');
const WITHOUT_API = LINES.filter((line) => line !== '26');
/** Number of runs: an isolate that is disposed with its sampler running aborts only in some of them. */
const REPETITIONS = 6;

interface Ending {
  how: string;
  after: string;
  line: NodeLine;
  omitOptional?: boolean;
  env?: Record<string, string>;
}

for (const line of LINES) {
  peerTest(
    `Node ${line}: every ending is the same as without heapray`,
    [`node-${line}`, 'project-bare'],
    async () => {
      const folder = appFolder('bare');
      for (const how of ENDINGS) {
        const plain = await run({ how, after: '0', line }, folder, false);
        for (const after of END_AFTER) expectSame(await run({ how, after, line }, folder), plain);
      }
    },
  );
}

for (const line of WITHOUT_API) {
  peerTest(
    `Node ${line} without @datadog/pprof: every ending is the same, too`,
    [`node-${line}`, 'project-bare-reduced'],
    async () => {
      const folder = appFolder('bare', { omitOptional: true });
      for (const how of ['natural', 'exit', 'throw']) {
        const plain = await run({ how, after: '0', line }, folder, false);
        for (const after of END_AFTER) expectSame(await run({ how, after, line }, folder), plain);
      }
    },
  );
}

peerTest('Node 24 never aborts in its teardown', ['node-24', 'project-bare'], async () => {
  const folder = appFolder('bare');
  for (const how of ['natural', 'exit', 'throw']) {
    const plain = await run({ how, after: '0', line: '24' }, folder, false);
    // A fine interval gives many samples, to make a crash likely.
    const env = { HEAPRAY_SAMPLING_INTERVAL: '1024' };
    for (let i = 0; i < REPETITIONS; i++) {
      // At several moments of the profiler thread's start, and long after it.
      const moments = [`${i * 20}`, '400'];
      const both = moments.map((after) => run({ how, after, line: '24', env }, folder));
      for (const result of await Promise.all(both)) expectSame(result, plain);
    }
  }
});

function run(ending: Ending, folder: string, register = true): Promise<CommandResult> {
  const { how, after, line, env } = ending;
  return runApp({ app: ['ending.js', how], line, folder, register, env: { END_AFTER: after, ...env } });
}

function expectSame(profiled: CommandResult, plain: CommandResult): void {
  const { status, signal, stdout } = plain;
  expect(profiled).toMatchObject({ status, signal, stdout });
  expect(withoutLog(profiled.stderr)).toBe(withoutLog(plain.stderr));
  expect(profiled.stderr).not.toContain('heapray: error');
}

/** Returns stderr without heapray's own lines. */
function withoutLog(stderr: string): string {
  return stderr.replaceAll(/^heapray: .*\n/gm, '');
}
