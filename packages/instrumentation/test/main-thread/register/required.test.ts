// `--require` and `require()` of the preload: the program starts whatever Node can require, and profiling
// begins before its first statement.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { httpGet } from '../../../../../test/support/http-get.js';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import { type NodeLine, nodeBinary } from '../../../../../test/support/peers.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { type RunningProcess, startNode } from '../../../../../test/support/start-node.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';

const PRELOAD = fileURLToPath(new URL('../../../dist/register.cjs', import.meta.url));
const MODULE = fileURLToPath(new URL('../../../dist/register.js', import.meta.url));
const program = (name: string) => fileURLToPath(new URL(`../../programs/${name}`, import.meta.url));

/** The oldest and the newest; Node 24 requires modules as 22 does. */
const LINES: readonly NodeLine[] = ['22.15', '26'];

for (const line of LINES) {
  describeWithPeer(`Node ${line}`, `node-${line}`, () => {
    const start = (...args: string[]) => startNode({ node: nodeBinary(line), args, env, cwd: tempFolder() });

    test('profiles the first statements, however it is loaded', async () => {
      const ways: Record<string, readonly string[]> = {
        '--require': ['--require', PRELOAD, program('first-code.cjs')],
        '--import': ['--import', MODULE, program('first-code.cjs')],
        'require()': [program('requires-register.cjs'), PRELOAD],
      };
      await all(ways, async (args, how) => {
        const app = start(...args);
        await pollUntil(async () => (await metricsOf(app)).includes('code_function_name="firstCode"'), {
          what: `the first function among the call sites with ${how}`,
        });
        expect(app.stderr, how).not.toMatch(/warn|error/i);
      });
    });

    test('starts a little later when its modules cannot be required safely', async () => {
      const app = program('first-code.cjs');
      const refused = '--no-experimental-require-module';
      const ways: Record<string, readonly string[]> = {
        '--require': [refused, '--require', PRELOAD, app],
        '--import': [refused, '--import', MODULE, app],
        'import of both': [program('imports-register.mjs')],
        'import of the preload': ['--input-type=module', '--eval', `import '${MODULE}'; import '${app}';`],
        'require() of the module': [program('requires-register.cjs'), MODULE],
      };
      await all(ways, async (args, how) => {
        const app = start(...args);
        await pollUntil(async () => (await metricsOf(app)).includes('heapray_profiler_'), {
          what: `metrics of the profiler, ${how}`,
        });
        expect(app.stderr, how).not.toMatch(/warn|error/i);
      });
    });
  });
}

const env = { HEAPRAY_DEBUG_ADDR: 'off', OTEL_EXPORTER_PROMETHEUS_PORT: '0' };

async function metricsOf(app: RunningProcess): Promise<string> {
  const [, url = ''] = await app.waitForOutput(/metrics on (http:\S+)\n/);
  return (await httpGet(url)).body;
}

/** Does the same with several things concurrently. */
async function all<T>(
  things: Readonly<Record<string, T>>,
  work: (thing: T, name: string) => Promise<void>,
): Promise<void> {
  await Promise.all(Object.entries(things).map(([name, thing]) => work(thing, name)));
}
