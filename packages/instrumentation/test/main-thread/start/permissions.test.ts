// Under Node's permission model, heapray checks first and reports what is missing, and the application
// continues.
import { existsSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { listeningPorts } from '../../../../../test/e2e/support/listening-ports.js';
import { peerTest } from '../../../../../test/support/peer-test.js';
import { type NodeLine, nodeBinary } from '../../../../../test/support/peers.js';
import { type RunningProcess, startNode } from '../../../../../test/support/start-node.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { REGISTER } from '../../support/profiled-program.js';

const PROGRAM = fileURLToPath(new URL('../../programs/first-code.cjs', import.meta.url));
const READ = ['--no-warnings', '--permission', '--allow-fs-read=*'];
const ENOUGH = ['--allow-worker', '--allow-inspector'];

for (const line of ['24', '26'] satisfies NodeLine[]) {
  peerTest(`Node ${line} names all that keeps memory from being profiled`, `node-${line}`, async () => {
    const app = start(line, []);
    await app.waitForOutput(/memory is not profiled/);
    expect(complaints(app)).toEqual([
      'heapray: error: the inspector may not be used (--allow-inspector), and no worker thread may be started (--allow-worker): memory is not profiled',
    ]);
    expect(app.end).toBeUndefined();
  });

  peerTest(`Node ${line} writes captures only where it may`, `node-${line}`, async () => {
    const cwd = mkdtempSync(path.join(tempFolder(), 'home-'));
    const home = path.join(cwd, 'heapray');
    const env = { HEAPRAY_TRACE_COMPONENTS: 'first-code' };
    const denied = start(line, ENOUGH, { cwd, env });
    const [said] = await denied.waitForOutput(/captures may not .*/);
    expect(said).toContain(`to ${home} (--allow-fs-write=${home}/*): no component is traced`);
    await denied.waitForOutput(line === '26' ? /--allow-net/ : /metrics on /);
    expect(existsSync(home)).toBe(false);
    const allowed = start(line, [...ENOUGH, `--allow-fs-write=${home}/*`], { cwd, env });
    await allowed.waitForOutput(/profiling memory of component first-code: .*_memory\.bin/);
    expect(allowed.stderr).not.toContain('captures may not');
  });
}

peerTest('Node 26 opens no port without --allow-net', 'node-26', async () => {
  const app = start('26', ENOUGH, { env: { HEAPRAY_MEMRAY_LIVE_PORT: '7777' } });
  const [said] = await app.waitForOutput(/heapray: warn: .*/);
  await app.waitForOutput(/memray live: cannot listen/);
  expect(said).toMatch(
    /debug server: cannot listen on \S+ Node was started without --allow-net; metrics endpoint: cannot listen on \S+ Node was started without --allow-net; process \d+ \(component first-code\) goes on without them$/,
  );
  expect(complaints(app).toSorted()).toEqual([
    'heapray: error: memray live: cannot listen on port 7777: Node was started without --allow-net',
    said,
  ]);
  expect(listeningPorts(app.pid)).toEqual([]);
  expect(app.end).toBeUndefined();
});

peerTest('Node 26 works with what heapray needs', 'node-26', async () => {
  const app = start('26', [...ENOUGH, '--allow-net']);
  await app.waitForOutput(/metrics on [\s\S]*memory profiles on |memory profiles on [\s\S]*metrics on /);
  expect(complaints(app)).toEqual([]);
});

interface StartOptions {
  cwd?: string;
  env?: Record<string, string>;
}

function start(
  line: NodeLine,
  allowed: readonly string[],
  { cwd = tempFolder(), env = {} }: StartOptions = {},
) {
  return startNode({
    node: nodeBinary(line),
    args: [...READ, ...allowed, '--import', REGISTER, PROGRAM],
    env: { HEAPRAY_DEBUG_ADDR: '127.0.0.1:0', OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
    cwd,
  });
}

function complaints({ stderr }: RunningProcess): readonly string[] {
  return stderr.match(/^heapray: (?:warn|error): .*$/gm) ?? [];
}
