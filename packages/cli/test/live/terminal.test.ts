// `heapray live` in a real pseudo terminal, with real programs: what it shows, and that it leaves the terminal as it was.
import path from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../../../test/support/free-port.js';
import { peerTest } from '../../../../test/support/peer-test.js';
import { memray } from '../../../../test/support/peers.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { startNode, startProcess } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { startInTerminal, type TerminalProcess } from '../../../../test/support/terminal.js';
import { captureFile } from '../support/captures.js';
import { MAIN } from '../support/heapray.js';
import { fileWith } from '../support/sample-files.js';
import { GrowingFixture, rawCapture, withoutZeros } from '../watch/support/captures.js';
import { serveProfile, startDebugService, startLive, startService } from './support/programs.js';
import { MIB, profileOf } from './support/states.js';

const ESCAPE = '\u001b';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';
/** The prompt of a shell that waits for a command. */
const PROMPT = /^\S*[#$]$/m;
const NORMAL = { columns: 80, rows: 24 };
const FAST = ['--interval', '0.1'];
/** Everything that the command may send to a terminal besides text. */
const SEQUENCES = new RegExp(
  `${ESCAPE}(?:\\[\\?(?:1049|25|7)[hl]|\\[H|\\[2J|\\[K|\\[\\d+;1H|\\[(?:0|1|2|7|22|27|31|32|33|36|39)m)`,
  'g',
);

/** Expects that the program has ended with this status, and left the terminal as it was. */
async function expectRestored(terminal: TerminalProcess, status: number): Promise<void> {
  expect(await terminal.ended()).toEqual({ status, hasFirstModes: true });
  // The end may be known before the last output has arrived.
  await pollUntil(() => !terminal.isAlternate && terminal.hasCursor && terminal.wraps, {
    what: 'a normal screen with a cursor and wrapped lines',
  });
}

async function steadyServer() {
  return serveProfile(() =>
    profileOf([
      { name: 'load', inUse: 3 * MIB, callers: ['handle'], packageName: 'shop' },
      { name: 'cache', inUse: MIB, objects: 9000, packageName: 'order-cache' },
    ]),
  );
}

test('shows a debug server at three sizes, sorts, filters, shows callers, and quits', async () => {
  const { service, port } = await startDebugService();
  const terminal = startLive([`http://127.0.0.1:${port}`, '--interval', '0.5'], NORMAL);
  await terminal.waitForScreen(/rememberOrder +service\.mjs:3/);
  await terminal.waitForScreen(new RegExp(`pid ${service.pid}  up `));
  await terminal.waitForScreen(/^In use +[\d.]+ MiB {2}\+[\d.]+ MiB in \d+ s.*[▁-█]$/m);
  await terminal.waitForScreen(/^Allocating [\d.]+ .iB\/s/m);
  await terminal.waitForScreen(/^Resident [\d.]+ MiB: heap [\d.]+ MiB, /m);
  const header = /^\*IN USE +GROWTH +ALLOC\/S +OBJS FUNCTION +PLACE +PACKAGE$/;
  await pollUntil(() => header.test(terminal.lines[4]!), {
    what: 'the header of the table in the fifth line',
  });
  expect(terminal.isAlternate).toBe(true);
  terminal.type('g');
  await terminal.waitForScreen(/IN USE +\*GROWTH/);
  terminal.type('/REMEMBER\r');
  await terminal.waitForScreen(/^\/REMEMBER {2}q quit/m);
  expect(terminal.screen).not.toContain('renderReceipt');
  terminal.type('\r');
  await terminal.waitForScreen(
    / in use by rememberOrder.*\n(?:.*\n){1,3} +rememberOrder +\S+:3\n +serveOrders +\S+:6\n/,
  );
  terminal.resize(120, 40);
  await terminal.waitForScreen(/^Esc back/m);
  await pollUntil(() => terminal.lines[39]!.startsWith('Esc back'), { what: 'the larger screen' });
  terminal.type(ESCAPE);
  await terminal.waitForScreen(/\*GROWTH +ALLOC\/S +OBJECTS FUNCTION/);
  await terminal.waitForScreen(/ rememberOrder +\S*service\.mjs:3:23/);
  terminal.resize(40, 10);
  await terminal.waitForScreen(/^ IN USE +\*GROWTH FUNCTION$/m);
  await pollUntil(() => terminal.lines[9]!.startsWith('/REMEMBER  q quit'), { what: 'the smaller screen' });
  expect(terminal.lines).toHaveLength(10);
  terminal.type('q');
  await expectRestored(terminal, 0);
});

peerTest('shows a real memray run --live-remote, and ends with it', 'memray-1.20.0', async () => {
  const port = await freePort();
  const folder = tempFolder();
  const script = fileWith(
    `
import os, time
kept = []
def remember():
    kept.append(bytearray(1000000))
def serve():
    remember()
while not os.path.exists(${JSON.stringify(path.join(folder, 'end'))}):
    serve()
    time.sleep(0.2)
`,
    'program.py',
  );
  const terminal = startLive([`${port}`, ...FAST], NORMAL);
  await terminal.waitForScreen(/^waiting for a program at port \d+$/m);
  const program = startProcess(memray('1.20.0'), {
    args: ['run', '--live-remote', '--live-port', `${port}`, script],
  });
  await terminal.waitForScreen(/\d\.\dM +\+.*\d\.\dM +\d+ remember +program\.py:4/);
  await terminal.waitForScreen(/^Resident .*MiB: anonymous .*files .* events/m);
  terminal.type('\r');
  await terminal.waitForScreen(/remember +\S+program\.py:5\n +serve +\S+program\.py:7\n/);
  startNode({ args: ['-e', `fs.writeFileSync(${JSON.stringify(path.join(folder, 'end'))}, '')`] });
  expect((await program.ended).status, program.stderr).toBe(0);
  await expectRestored(terminal, 0);
  await terminal.waitForScreen(/ALIVE +COUNT {2}FUNCTION +FILE\n(?:.*\n)*? *[\d.]+ MiB +\d+ {2}remember/);
  await terminal.waitForScreen(/heapray: the program has ended\n/);
});

test('follows a capture that grows, and shows it when it is finished', async () => {
  const file = path.join(tempFolder(), 'app_memory.bin');
  const bytes = withoutZeros(rawCapture(captureFile('threads.v13.bin')));
  const capture = new GrowingFixture(file);
  capture.append(bytes.subarray(0, 20_000));
  const terminal = startLive([file, ...FAST], NORMAL);
  const [, first] = await terminal.waitForScreen(/(\d+) events/);
  capture.append(bytes.subarray(20_000));
  const events = () => /([\d,]+) events/.exec(terminal.screen)?.[1] ?? '0';
  await pollUntil(() => Number(events().replace(',', '')) > Number(first), { what: 'more events' });
  await terminal.waitForScreen(/^finished {2}q quit/m);
  await terminal.waitForScreen(/^[^\n]*pid \d+ {2}ran \d+ s\n/);
  terminal.type('q');
  await expectRestored(terminal, 0);
});

test('a viewer that has left can come back, and r connects again', async () => {
  const port = await freePort();
  const service = await startService({ HEAPRAY_MEMRAY_LIVE_PORT: `${port}` });
  for (let visit = 0; visit < 2; visit++) {
    const terminal = startLive([`${port}`, ...FAST], NORMAL);
    await terminal.waitForScreen(/ rememberOrder +service\.mjs:3/);
    terminal.type('r');
    await terminal.waitForScreen(/^connecting to port|rememberOrder/m);
    await terminal.waitForScreen(/ rememberOrder +service\.mjs:3/);
    terminal.type('q');
    await expectRestored(terminal, 0);
  }
  await service.stop();
});

test.each<[string, (terminal: TerminalProcess) => void, number]>([
  ['Ctrl-C', (terminal) => terminal.type(CTRL_C), 0],
  ['SIGTERM', (terminal) => terminal.kill('SIGTERM'), -15],
  ['SIGHUP', (terminal) => terminal.kill('SIGHUP'), -1],
])('%s restores the terminal', async (_name, end, status) => {
  const { url } = await steadyServer();
  const terminal = startLive([url, ...FAST], NORMAL);
  await terminal.waitForScreen(/load +app\.js:1/);
  end(terminal);
  await expectRestored(terminal, status);
});

test('an error restores the terminal, and is reported in one line', async () => {
  const { url } = await serveProfile((request) =>
    request < 3 ? profileOf([{ name: 'load', inUse: 1 }]) : { status: 404, body: 'component: gone\n' },
  );
  const terminal = startLive([url, ...FAST], NORMAL);
  await expectRestored(terminal, 1);
  await terminal.waitForScreen(/^heapray: http:\S+: HTTP 404: component: gone/m);
});

test('an internal error restores the terminal', async () => {
  const { url } = await steadyServer();
  const code = `process.on('SIGURG', () => { throw new Error('on purpose'); });`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
  const terminal = startLive([url, ...FAST], { ...NORMAL, env });
  await terminal.waitForScreen(/load +app\.js:1/);
  terminal.kill('SIGURG');
  await expectRestored(terminal, 1);
  await terminal.waitForScreen(/Error: on purpose/);
});

test('Ctrl-Z suspends it, and fg continues', async () => {
  const { url } = await steadyServer();
  const shell = startInTerminal(['bash', '--norc', '-i'], NORMAL);
  await shell.waitForScreen(PROMPT);
  shell.type(`'${process.execPath}' '${MAIN}' live ${url} --interval 0.1\n`);
  await shell.waitForScreen(/load +app\.js:1/);
  for (let round = 0; round < 2; round++) {
    shell.type(CTRL_Z);
    await shell.waitForScreen(/Stopped/);
    expect([shell.isAlternate, shell.hasCursor, shell.wraps]).toEqual([false, true, true]);
    shell.type('clear; fg\n');
    await shell.waitForScreen(/load +app\.js:1/);
    expect([shell.isAlternate, shell.hasCursor, shell.wraps]).toEqual([true, false, false]);
  }
  shell.type('q');
  await shell.waitForScreen(PROMPT);
  shell.type('exit\n');
  await expectRestored(shell, 0);
});

test('names with escape sequences are shown as text', async () => {
  const name = `${ESCAPE}]0;owned\u0007${ESCAPE}[2J\u202e${ESCAPE}[?1049l`;
  const { url } = await serveProfile(() =>
    profileOf([{ name, file: `/srv/${name}.js`, packageName: name, inUse: MIB, callers: [name] }]),
  );
  const terminal = startLive([url, ...FAST], { columns: 160, rows: 24 });
  await terminal.waitForScreen(/\\u001b/);
  terminal.type('\r');
  await terminal.waitForScreen(/Esc back/);
  terminal.type('q');
  await expectRestored(terminal, 0);
  expect(terminal.output.replaceAll(SEQUENCES, '')).not.toMatch(/(?![\r\n])[\p{Cc}\u202e]/u);
});

test('writes only what has changed', async () => {
  const server = await steadyServer();
  const terminal = startLive([server.url, ...FAST], { columns: 120, rows: 40 });
  await terminal.waitForScreen(/load +\S+app\.js:1/);
  const [requests, bytes] = [server.requests, terminal.bytes];
  await pollUntil(() => server.requests >= requests + 20, { what: '20 more polls' });
  // A whole screen has more than 1,000 bytes. Of these, the line with the time changes each second.
  expect((terminal.bytes - bytes) / 20).toBeLessThan(400);
  terminal.type('q');
  await expectRestored(terminal, 0);
});

test('uses no colours with NO_COLOR, and no screen with TERM=dumb', async () => {
  const { url } = await serveProfile((request) => profileOf([{ name: 'load', inUse: request * MIB }]));
  const plain = startLive([url, ...FAST], { ...NORMAL, env: { NO_COLOR: '1' } });
  await plain.waitForScreen(/\+\d+\.0M/);
  plain.type('q');
  await expectRestored(plain, 0);
  expect(plain.output).toContain(`${ESCAPE}[7m`);
  expect(plain.output).not.toMatch(new RegExp(`${ESCAPE}\\[3\\dm`));

  const dumb = startLive([url, ...FAST], { ...NORMAL, env: { TERM: 'dumb' } });
  await dumb.waitForScreen(/alive [\d.]+ MiB {2}first: load \/srv\/app\/app\.js:1:1/);
  await dumb.waitForScreen(/alive [\d.]+ MiB {2}allocating [\d.]+ MiB\/s {2}first: load/);
  dumb.type(CTRL_C);
  await expectRestored(dumb, -2);
  expect(dumb.output).not.toContain(ESCAPE);
});

test('pauses: nothing is read until it continues', async () => {
  const server = await serveProfile((request) => profileOf([{ name: 'load', inUse: request * MIB }]));
  const terminal = startLive([server.url, ...FAST], NORMAL);
  await terminal.waitForScreen(/\+\d+\.0M/);
  terminal.type('p');
  await terminal.waitForScreen(/PAUSED/);
  // The read that was in work when the key was pressed may still be counted.
  const { requests } = server;
  terminal.type(DOWN);
  terminal.type('?');
  await terminal.waitForScreen(/Ctrl-Z +suspend/);
  terminal.type('?');
  await terminal.waitForScreen(/load +app\.js:1/);
  expect(server.requests).toBeLessThanOrEqual(requests + 1);
  terminal.type('p');
  await pollUntil(() => server.requests > requests + 3, { what: 'more reads' });
  expect(terminal.screen).not.toContain('PAUSED');
  terminal.type('q');
  await expectRestored(terminal, 0);
});
