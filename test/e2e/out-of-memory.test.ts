// A process that dies of out of memory ends as it does without heapray, and leaves a profile of its last moments.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { appFolder } from './support/app-folder.js';
import { pprofTop } from './support/pprof-report.js';
import { type AppOptions, runApp, startApp } from './support/profiled-app.js';

const NODE_ARGS = ['--max-old-space-size=128'];
/** The optimizer may have inlined the function into its caller. */
const LEAK = /\b(keepForever|leak)\b/;
const APP = 'leaking-to-death.js';
const OOM = ['shop_oom.pb.gz', 'shop_oom.txt'];
const SHOP = { HEAPRAY_COMPONENT: 'shop' };

const filesIn = (folder: string) => {
  const home = path.join(folder, 'heapray');
  // A process may die while it writes.
  const names = readdirSync(home).filter((name) => !name.endsWith('.tmp'));
  return { home, names: names.sort() };
};

/** Starts a program, lets it leak as soon as it is ready, and returns what must not depend on heapray. */
async function die(options: AppOptions, readyWhen: readonly RegExp[]) {
  const app = startApp({ ...options, app: [APP, 'sync', '20'], nodeArgs: NODE_ARGS });
  for (const pattern of readyWhen) await app.waitForLog(pattern);
  process.kill(app.process.pid, 'SIGUSR2');
  const end = await app.process.ended;
  const { stdout, stderr } = app.process;
  // Addresses, times and native frames differ from run to run.
  const fatal = stderr.split('\n').filter((line) => line.includes('FATAL'));
  // So does the cause for which V8 gives up at the limit.
  return {
    ...end,
    stdout,
    fatal: fatal.map((line) => line.replace(/: .* limit Allocation/, ': Allocation')),
  };
}

for (const line of ['22', '26'] as const) {
  peerTest(
    `Node ${line}: leaves a profile when a synchronous loop exhausts the heap, and ends as without heapray`,
    [`node-${line}`, 'go-pprof', 'project-bare'],
    async () => {
      const folder = appFolder('bare');
      const [profiled, plain] = await Promise.all([
        die({ line, folder, env: SHOP, app: [] }, [/ready/, /memory profiles on/]),
        die({ line, register: false, app: [] }, [/ready/]),
      ]);
      expect(profiled).toEqual(plain);
      expect(plain).toMatchObject({ signal: 'SIGABRT', fatal: [expect.stringContaining('out of memory')] });
      const { home, names } = filesIn(folder);
      expect(names).toEqual(OOM);
      const [top] = await pprofTop(path.join(home, 'shop_oom.pb.gz'), 'inuse_space');
      expect(top?.name).toMatch(LEAK);
      const text = readFileSync(path.join(home, 'shop_oom.txt'), 'utf8');
      expect(text).toMatch(/V8's heap is at \d+ % of its limit/);
      const [largest] = text.split('\n').filter((one) => one.includes(APP));
      expect(largest).toMatch(LEAK);
    },
  );
}

peerTest(
  'calls the hook, and writes one more profile, when a limit comes near in a program that asks for it',
  ['node-24', 'project-bare'],
  async () => {
    const folder = appFolder('bare');
    const options = { folder, nodeArgs: NODE_ARGS, register: false, env: { WITH_HOOK: '1' } };
    const { signal, stdout } = await runApp({ ...options, app: [APP, 'turns'] });
    expect(signal).toBe('SIGABRT');
    const { home, names } = filesIn(folder);
    expect(stdout.match(/^near heap: .*$/gm)).toEqual([
      expect.stringContaining(`${path.join(home, 'shop_oom.pb.gz')}`),
    ]);
    expect(stdout).toContain('onNearLimit threw: a hook that fails');
    expect(stdout).toMatch(/^info: profile written to .*shop_limit\.\d{8}T\d{6}Z\.pb\.gz/m);
    expect(names).toEqual([
      expect.stringMatching(/^shop_limit\.\w+\.pb\.gz$/),
      expect.stringMatching(/^shop_limit\.\w+\.txt$/),
      ...OOM,
    ]);
  },
);

peerTest(
  'writes nothing when a worker thread exceeds a limit of its own',
  ['node-24', 'project-bare'],
  async () => {
    const folder = appFolder('bare');
    const { status, stdout } = await runApp({ folder, app: [APP, 'worker', '200'], env: SHOP });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'worker: ERR_WORKER_OUT_OF_MEMORY\n' });
    expect(readdirSync(folder)).not.toContain('heapray');
  },
);
