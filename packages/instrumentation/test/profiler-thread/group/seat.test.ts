// Groups of seats in one process: each has its own port attempts and sockets, as separate processes have.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type HttpHandler, type HttpServer, startHttpServer, textAnswer } from '@heapray/exporter/http';
import { afterEach, expect, test, vi } from 'vitest';
import { freePort } from '../../../../../test/support/free-port.js';
import { httpGet } from '../../../../../test/support/http-get.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { encodeFrame, FrameReader } from '../../../src/profiler-thread/group/frames.js';
import { answeringFrom } from '../../../src/profiler-thread/group/gather.js';
import { Membership, RefusedError } from '../../../src/profiler-thread/group/group-member.js';
import { GroupOwner, MAX_MEMBERS } from '../../../src/profiler-thread/group/group-owner.js';
import { helloOf } from '../../../src/profiler-thread/group/messages.js';
import { metricsRoutes } from '../../../src/profiler-thread/group/metrics-routes.js';
import { Seat } from '../../../src/profiler-thread/group/seat.js';
import type { Served } from '../../../src/protocol/messages.js';

interface Process {
  readonly pid: number;
  readonly seat: Seat;
  readonly dropped: string[];
  missed: number;
  state: Served | undefined;
}

const closing: { close(): void }[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const each of closing.splice(0)) each.close();
});

/** Starts a seat that serves `/metrics` with one counter. */
function start(
  pid: number,
  { port, socket }: Place,
  page?: () => string | Promise<string>,
  open?: () => Promise<HttpServer>,
): Process {
  const own = new Map<string, HttpHandler>([
    ['/metrics', async () => textAnswer(page ? await page() : `# TYPE up counter\nup ${pid}\n`)],
  ]);
  const dropped: string[] = [];
  const seat: Seat = new Seat({
    pid,
    component: () => `component-${pid}`,
    socket,
    open: open ?? (() => startHttpServer({ host: '127.0.0.1', port }, routes)),
    answer: answeringFrom(own),
    changed: (served) => {
      one.state = served;
    },
    dropped: (why) => dropped.push(why),
  });
  const one: Process = { pid, seat, dropped, missed: 0, state: undefined };
  const routes = metricsRoutes({
    own,
    self: () => ({ pid, component: `component-${pid}` }),
    group: seat,
    missed: () => {
      one.missed++;
    },
  });
  closing.push(seat);
  void seat.start();
  return one;
}

interface Place {
  readonly port: number;
  readonly socket: string | undefined;
}

async function place(): Promise<Place> {
  return { port: await freePort(), socket: path.join(tempFolder(), 'group.sock') };
}

async function scrape({ port }: Place): Promise<string> {
  return (await httpGet(`http://127.0.0.1:${port}/metrics`)).body;
}

const pidsIn = (page: string) =>
  [...page.matchAll(/process_pid="(\d+)"/g)].map(([, pid]) => Number(pid)).sort();
const ownerOf = (processes: readonly Process[]) => processes.find(({ state }) => state?.by === 'self');

/** Waits until one of these processes is the owner, has these members, and the others know that it is. */
function settled(processes: readonly Process[], members = processes.length - 1): Promise<Process> {
  return pollUntil(
    () => {
      const owner = ownerOf(processes);
      if (owner?.seat.members.length !== members) return undefined;
      const others = processes.filter((each) => each !== owner);
      return others.every(({ state }) => state?.by === 'other' && state.pid === owner.pid) && owner;
    },
    { what: `a group of an owner and ${members} members` },
  );
}

test('one process has its own page until another joins', async () => {
  const here = await place();
  const first = start(1, here);
  await settled([first]);
  expect(await scrape(here)).toBe('# TYPE up counter\nup 1\n');
  const second = start(2, here);
  await settled([first, second]);
  // The owner knows of its member first.
  await pollUntil(() => second.state, { what: 'the state of the member' });
  expect(second.state).toEqual({ by: 'other', pid: 1 });
  expect(pidsIn(await scrape(here))).toEqual([1, 2]);
});

test('another process takes over when the owner ends, and all are on its page', async () => {
  const here = await place();
  const all = [1, 2, 3].map((pid) => start(pid, here));
  const owner = await settled(all);
  owner.seat.close();
  const left = all.filter((each) => each !== owner);
  await settled(left);
  expect(pidsIn(await scrape(here))).toEqual(left.map(({ pid }) => pid).sort());
  // Its series keep their labels when it is alone again.
  ownerOf(left)!.seat.close();
  const last = left.filter(({ state }) => state?.by !== 'self');
  await settled(last);
  expect(pidsIn(await scrape(here))).toEqual([last[0]!.pid]);
});

test('the first page after a takeover has all processes that are left', async () => {
  const here = await place();
  const all = [1, 2, 3, 4, 5, 6].map((pid) => start(pid, here));
  const owner = await settled(all);
  const page = await pageAfter(owner, here);
  expect(pidsIn(page)).toEqual(all.filter((each) => each !== owner).map(({ pid }) => pid));
});

test('the first page after a takeover has a process that joined after the last scrape', async () => {
  const here = await place();
  const early = [1, 2].map((pid) => start(pid, here));
  const owner = await settled(early);
  await scrape(here);
  const all = [...early, start(3, here), start(4, here)];
  await settled(all);
  const page = await pageAfter(owner, here);
  expect(pidsIn(page)).toEqual(all.filter((each) => each !== owner).map(({ pid }) => pid));
});

/** Ends an owner, and returns the first page of the next one: it takes the port at once, the others join late. */
function pageAfter(owner: Process, here: Place): Promise<string> {
  vi.spyOn(Math, 'random').mockReturnValue(0.999).mockReturnValueOnce(0);
  owner.seat.close();
  return pollUntil(() => scrape(here).catch(() => undefined), { what: 'the next owner', everyMillis: 2 });
}

test('a process that has ended is on one more page, with its last values', async () => {
  const here = await place();
  const owner = start(1, here);
  await settled([owner]);
  const member = start(2, here);
  await settled([owner, member]);
  const before = await scrape(here);
  member.seat.close();
  await settled([owner], 0);
  expect(await scrape(here)).toBe(before);
  expect(pidsIn(await scrape(here))).toEqual([1]);
});

test('a process with the id of one that has ended replaces it', async () => {
  const here = await place();
  const owner = start(1, here);
  await settled([owner]);
  const member = start(2, here);
  await settled([owner, member]);
  await scrape(here);
  member.seat.close();
  await settled([owner], 0);
  const again = start(2, here, () => 'up 22\n');
  await settled([owner, again]);
  const page = await scrape(here);
  expect(pidsIn(page)).toEqual([1, 2]);
  expect(page).toContain(' 22\n');
});

test('garbage of a member is left out and counted, and the page comes', async () => {
  const here = await place();
  const owner = start(1, here);
  await settled([owner]);
  const member = start(2, here, () => '<html>');
  await settled([owner, member]);
  expect(pidsIn(await scrape(here))).toEqual([1]);
  expect(owner.missed).toBe(1);
});

test('a member that never answers is left out in time and counted', async () => {
  const here = await place();
  const owner = start(1, here);
  await settled([owner]);
  const member = start(2, here, () => new Promise<string>(() => {}));
  await settled([owner, member]);
  expect(pidsIn(await scrape(here))).toEqual([1]);
  expect(owner.missed).toBe(1);
});

test('members do not take the port that an application wants, of whichever process', async () => {
  const here = await place();
  const owner = start(1, here);
  await settled([owner]);
  const [second, third] = [start(2, here), start(3, here)];
  await settled([owner, second, third]);
  await second.seat.yieldPort();
  const application = net.createServer().listen(here.port, '127.0.0.1');
  closing.push(application);
  await pollUntil(() => third.state?.by === 'none' && owner.state?.by === 'none', { what: 'no owner' });
  expect(application.listening).toBe(true);
  expect(third.state).toMatchObject({ why: 'an application uses the port' });
});

test('a process that has no file descriptor for the port of an owner that ends joins the next owner', async () => {
  const here = await place();
  const owner = start(1, here);
  await settled([owner]);
  let code = 'EADDRINUSE';
  const refused = () => Promise.reject(Object.assign(new Error(code), { code }));
  const [second, third] = [start(2, here, undefined, refused), start(3, here)];
  await settled([owner, second, third]);
  code = 'EMFILE';
  owner.seat.close();
  await settled([second, third]);
  await pollUntil(() => second.state?.by === 'other' && second.state.pid === 3, { what: 'the next owner' });
});

test('the port is closed before a member hears that it may open it', async () => {
  const { socket } = await place();
  const order: string[] = [];
  const seat = new Seat({
    pid: 1,
    component: () => 'x',
    socket,
    open: async () => ({ address: { host: '127.0.0.1', port: 1 }, close: () => void order.push('closed') }),
    answer: async () => textAnswer(''),
    changed: () => {},
    dropped: () => {},
  });
  closing.push(seat);
  void seat.start();
  await pollUntil(() => existsSync(socket!), { what: 'the socket' });
  const member = await Membership.join(socket!, { pid: 2, component: 'x' }, async () => textAnswer(''));
  closing.push(member);
  const end = vi.spyOn(net.Socket.prototype, 'end').mockImplementation(function (this: net.Socket) {
    order.push('told');
    return this;
  });
  try {
    member.askForPort(2);
    await pollUntil(() => order.length === 2, { what: 'the end of the group' });
  } finally {
    end.mockRestore();
  }
  expect(order).toEqual(['closed', 'told']);
});

test('an owner makes its socket and folder again when they were tidied away', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const folder = path.join(tempFolder(), 'heapray');
    const socket = path.join(folder, 'group.sock');
    const dropped: string[] = [];
    const handlers = { dropped: (why: string) => dropped.push(why), joined: () => {}, portWanted: () => {} };
    closing.push(await GroupOwner.open(socket, { pid: 1, component: 'x' }, handlers));
    rmSync(folder, { recursive: true });
    vi.advanceTimersByTime(10_000);
    await pollUntil(() => existsSync(socket), { what: 'the socket' });
    expect(dropped).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test('a member with an answer that is too long stays in the group, and the answer is counted', async () => {
  const here = await place();
  const owner = start(1, here);
  await settled([owner]);
  const member = start(2, here, () => '#'.repeat(17 * 2 ** 20));
  await settled([owner, member]);
  expect(pidsIn(await scrape(here))).toEqual([1]);
  expect(owner.missed).toBe(1);
  expect(owner.seat.members).toHaveLength(1);
});

test('a port of others is reported, and no group is waited for when groups are off', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  closing.push(server);
  await pollUntil(() => server.listening, { what: 'the port' });
  const { port } = server.address() as net.AddressInfo;
  const alone = start(1, { port, socket: undefined });
  await pollUntil(() => alone.state !== undefined, { what: 'the state' });
  expect(alone.state).toMatchObject({ by: 'none', why: expect.stringContaining('EADDRINUSE') });
});

test('the socket of an owner that was killed is replaced', async () => {
  const here = await place();
  const killed = net.createServer().listen(here.socket);
  await pollUntil(() => killed.listening, { what: 'the socket' });
  // The file stays, as that of a killed process does.
  const { unlinkSync, linkSync, renameSync } = await import('node:fs');
  linkSync(here.socket!, `${here.socket}.kept`);
  killed.close();
  if (existsSync(here.socket!)) unlinkSync(here.socket!);
  renameSync(`${here.socket}.kept`, here.socket!);
  const all = [start(1, here), start(2, here)];
  await settled(all);
  expect(pidsIn(await scrape(here))).toEqual([1, 2]);
});

test('a file in the place of the socket keeps others from joining, and the owner serves itself', async () => {
  const here = await place();
  writeFileSync(here.socket!, '');
  const owner = start(1, here);
  await pollUntil(() => owner.state?.by === 'self', { what: 'the owner' });
  expect(await scrape(here)).toContain('up 1');
  expect(owner.dropped).toEqual([expect.stringContaining('is not a socket')]);
});

interface Stranger {
  readonly messages: unknown[];
  readonly isClosed: () => boolean;
}

/** Connects to an owner's socket, and sends bytes. */
function stranger(socket: string, bytes: Buffer | string): Stranger {
  const messages: unknown[] = [];
  const reader = new FrameReader(0);
  const connection = net.connect(socket, () => connection.write(bytes));
  connection.on('data', (piece) => messages.push(...reader.push(piece).map(({ header }) => header)));
  connection.on('error', () => {});
  closing.push({ close: () => connection.destroy() });
  return { messages, isClosed: () => connection.destroyed };
}

test('an owner closes connections with another protocol, long messages, and those of another version', async () => {
  const here = await place();
  const owner = start(1, here);
  await settled([owner]);
  const long = Buffer.alloc(8 + 2 ** 20);
  long.writeUInt32BE(2, 0);
  long.writeUInt32BE(100 * 2 ** 20, 4);
  const strangers = [
    'GET / HTTP/1.1\r\n\r\n',
    long,
    encodeFrame({ type: 'hello' }),
    encodeFrame({ ...helloOf({ pid: 2, component: 'x' }), version: 2 }),
    encodeFrame(helloOf({ pid: 1, component: 'x' })),
  ].map((bytes) => stranger(here.socket!, bytes));
  await pollUntil(() => strangers.every(({ isClosed }) => isClosed()), { what: 'closed connections' });
  expect(strangers[3]?.messages.at(-1)).toEqual({ type: 'refused', reason: 'version' });
  expect(strangers[4]?.messages.at(-1)).toEqual({ type: 'refused', reason: 'pid' });
  expect(owner.dropped).toHaveLength(5);
  expect(await scrape(here)).toContain('up 1');
});

test('an owner has a limited number of members', async () => {
  const socket = path.join(tempFolder(), 'group.sock');
  const dropped: string[] = [];
  const owner = await GroupOwner.open(
    socket,
    { pid: 1, component: 'x' },
    { dropped: (why) => dropped.push(why), joined: () => {}, portWanted: () => {} },
  );
  closing.push(owner);
  const answer = async () => textAnswer('');
  for (let pid = 2; pid < 2 + MAX_MEMBERS; pid++)
    closing.push(await Membership.join(socket, { pid, component: 'x' }, answer));
  expect(owner.members).toHaveLength(MAX_MEMBERS);
  await expect(Membership.join(socket, { pid: 1_000, component: 'x' }, answer)).rejects.toThrow(RefusedError);
  expect(dropped).toEqual(['process 1000 was refused: full']);
});

test.each([
  ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', /./],
  ['a newer version', encodeFrame({ ...helloOf({ pid: 9, component: 'x' }), version: 2 }), /another version/],
])('a process does not join a socket with %s', async (_, bytes, why) => {
  const socket = path.join(tempFolder(), 'group.sock');
  const server = net.createServer((connection) => {
    connection.on('error', () => {});
    connection.write(bytes);
  });
  closing.push(server.listen(socket));
  await pollUntil(() => server.listening, { what: 'the socket' });
  const joining = Membership.join(socket, { pid: 1, component: 'x' }, async () => textAnswer(''));
  await expect(joining).rejects.toThrow(why);
});
