// A process that dies of out of memory ends as it does without heapray, and leaves a profile of its last moments.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import type { CommandResult } from '../support/run-command.js';
import { appFolder } from './support/app-folder.js';
import { pprofTop } from './support/pprof-report.js';
import { runApp } from './support/profiled-app.js';

const NODE_ARGS = ['--max-old-space-size=64'];
const LEAK = 'keepForever';
const APP = 'leaking-to-death.js';
const OOM = ['shop_oom.pb.gz', 'shop_oom.txt'];
const SHOP = { HEAPRAY_COMPONENT: 'shop' };

const filesIn = (folder: string) => {
  const home = path.join(folder, 'heapray');
  return { home, names: readdirSync(home).sort() };
};

/** What must be the same with and without heapray: addresses, times and native frames differ from run to run. */
const endOf = ({ status, signal, stdout, stderr }: CommandResult) => {
  const fatal = stderr.split('\n').filter((line) => /FATAL|heap limit|out of memory/i.test(line));
  return { status, signal, stdout, fatal };
};

for (const line of ['22', '26'] as const) {
  peerTest(
    `Node ${line}: leaves a profile when a synchronous loop exhausts the heap, and ends as without heapray`,
    [`node-${line}`, 'go-pprof', 'project-bare'],
    async () => {
      const folder = appFolder('bare');
      const app = [APP, 'sync', '200'];
      const [profiled, plain] = await Promise.all([
        runApp({ line, folder, app, nodeArgs: NODE_ARGS, env: SHOP }),
        runApp({ line, app, nodeArgs: NODE_ARGS, register: false }),
      ]);
      expect(endOf(profiled)).toEqual(endOf(plain));
      expect(endOf(plain)).toMatchObject({ signal: 'SIGABRT' });
      const { home, names } = filesIn(folder);
      expect(names).toEqual(OOM);
      expect((await pprofTop(path.join(home, 'shop_oom.pb.gz'), 'inuse_space'))[0]?.name).toContain(LEAK);
      const text = readFileSync(path.join(home, 'shop_oom.txt'), 'utf8');
      expect(text).toMatch(/V8's heap is at \d+ % of its limit/);
      const sites = text.split('\n').filter((one) => one.includes('leaking-to-death.js'));
      expect(sites[0]).toContain(LEAK);
    },
  );
}

peerTest(
  'calls the hook, and writes one more profile, when a limit comes near in a program that asks for it',
  ['node-24', 'project-bare'],
  async () => {
    const folder = appFolder('bare');
    const options = { folder, nodeArgs: NODE_ARGS, register: false, env: { WITH_HOOK: '1' } };
    const { signal, stdout } = await runApp({ ...options, app: [APP, 'turns', '10'] });
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
