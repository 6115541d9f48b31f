// Runs the commands of pages of docs/, in order, against the service of examples/leaky-service under load.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { freePort } from './support/free-port.js';
import { describeWithPeer } from './support/peer-test.js';
import { pollUntil } from './support/poll.js';
import { runCommand } from './support/run-command.js';
import { startNode } from './support/start-node.js';
import { tempFolder } from './support/temp-folder.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SERVICE = path.join(ROOT, 'examples/leaky-service');

/** Returns the shell commands of a page, apart from those that install or start something. */
function commandsOf(page: string): readonly string[] {
  const text = readFileSync(path.join(ROOT, 'docs', page), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const lines = blocks.flatMap((block) => block.split('\n'));
  return lines.filter((line) => line !== '' && !line.startsWith('npm '));
}

describeWithPeer('the commands of docs/', 'go-pprof', () => {
  let ports: ReadonlyMap<string, number>;
  const outputs = new Map<string, string>();

  beforeAll(async () => {
    const [port, metrics, debug] = [await freePort(), await freePort(), await freePort()];
    ports = new Map([
      ['9464', metrics],
      ['6464', debug],
    ]);
    const env = {
      PORT: `${port}`,
      OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`,
      HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debug}`,
      HEAPRAY_LEAK_WINDOW: '1',
      // More samples, so that the leak is found sooner.
      HEAPRAY_SAMPLING_INTERVAL: '65536',
    };
    const service = startNode({ args: ['--max-old-space-size=256', 'main.js'], cwd: SERVICE, env });
    await service.waitForOutput(/"listening"/);
    startNode({ args: ['load.js', `http://127.0.0.1:${port}`, '900', '150'], cwd: SERVICE });
  });

  /** Runs a command of a page until it succeeds, and keeps what it prints. */
  async function run(command: string, cwd: string): Promise<void> {
    const line = [...ports].reduce((text, [from, to]) => text.replaceAll(from, `${to}`), command);
    const bins = [path.dirname(process.execPath), path.join(ROOT, 'node_modules/.bin')];
    const env = { PATH: [...bins, process.env.PATH].join(path.delimiter), PPROF_TMPDIR: cwd };
    const succeed = async () => {
      const { status, stdout, stderr } = await runCommand('sh', ['-c', line], { cwd, env });
      if (status !== 0) throw new Error(`status ${status}: ${stdout}${stderr}`);
      outputs.set(command, stdout);
      return true;
    };
    await pollUntil(succeed, { what: line, everyMillis: 500 });
  }

  const PAGES = [
    'find-a-leak',
    'resident-memory',
    'read-a-profile',
    'pprof-viewers',
    'production',
    'security',
  ];
  test.each(PAGES)('of %s.md succeed', async (page) => {
    const folder = path.join(tempFolder(), page);
    mkdirSync(folder);
    const commands = commandsOf(`${page}.md`);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) await run(command, folder);
  });

  test('find-a-leak.md quotes the code of the leak as it is', () => {
    const source = readFileSync(path.join(SERVICE, 'third-party/order-cache/index.js'), 'utf8');
    const page = readFileSync(path.join(ROOT, 'docs/find-a-leak.md'), 'utf8');
    const [, quoted = ''] = /^```js\n(.*?)^```$/ms.exec(page) ?? [];
    const [, removed = ''] = /^- {2}(.*)$/m.exec(page) ?? [];
    for (const line of [...quoted.trim().split('\n'), removed]) expect(source).toContain(line);
  });

  test('show the leak as find-a-leak.md tells it', async () => {
    const text = outputs.get("curl -s 'http://127.0.0.1:6464/debug/pprof/heap?debug=1'");
    expect(text).toMatch(/addOrder .*order-cache/);
    // The page says to wait some minutes between the two profiles.
    const folder = tempFolder();
    const compare = 'heapray diff before.pb.gz after.pb.gz -n 5';
    await run('curl -so before.pb.gz http://127.0.0.1:6464/debug/pprof/heap', folder);
    const isGrown = async () => {
      await run('curl -so after.pb.gz http://127.0.0.1:6464/debug/pprof/heap', folder);
      await run(compare, folder);
      const rows = outputs.get(compare)?.split('\n') ?? [];
      return rows.find((row) => row.trimStart().startsWith('+'))?.includes('addOrder');
    };
    await pollUntil(isGrown, { what: 'addOrder to have grown most' });
    expect(outputs.get('go tool pprof -peek addOrder after.pb.gz')).toContain('takeOrder');
  });
});
