// What an owner and its members tell each other, also in other versions.
import net from 'node:net';
import path from 'node:path';
import { textAnswer } from '@heapray/exporter/http';
import { afterEach, expect, test, vi } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { encodeFrame, FrameReader } from '../../../src/profiler-thread/group/frames.js';
import { Membership } from '../../../src/profiler-thread/group/group-member.js';
import { GroupOwner } from '../../../src/profiler-thread/group/group-owner.js';
import { helloOf } from '../../../src/profiler-thread/group/messages.js';

const answer = async () => textAnswer('');
const closing: { close(): void }[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const each of closing.splice(0)) each.close();
});

interface Place {
  readonly owner: GroupOwner;
  readonly socket: string;
}

async function ownerHere(): Promise<Place> {
  const socket = path.join(tempFolder(), 'group.sock');
  const handlers = { dropped: () => {}, joined: () => {}, portWanted: () => {} };
  const owner = await GroupOwner.open(socket, { pid: 1, component: 'x' }, handlers);
  closing.push(owner);
  return { owner, socket };
}

async function join(socket: string, pid: number, answering = answer): Promise<Membership> {
  const member = await Membership.join(socket, { pid, component: 'x' }, answering);
  closing.push(member);
  return member;
}

const knows = (members: readonly Membership[], others: number) =>
  pollUntil(() => members.every((each) => each.others === others), {
    what: `members that know of ${others} others`,
    everyMillis: 5,
  });

test('members know how many others there are after each join and end, without a question', async () => {
  const { socket } = await ownerHere();
  const first = await join(socket, 2);
  await knows([first], 0);
  const second = await join(socket, 3);
  const third = await join(socket, 4);
  await knows([first, second, third], 2);
  second.close();
  await knows([first, third], 1);
});

test('a member is told once when many join in one turn of the event loop', async () => {
  const { owner, socket } = await ownerHere();
  // The turn lasts until the test ends it.
  vi.useFakeTimers({ toFake: ['setImmediate'] });
  const messages: unknown[] = [];
  const reader = new FrameReader(0);
  const connection = net.connect(socket, () =>
    connection.write(encodeFrame(helloOf({ pid: 2, component: 'x' }))),
  );
  connection.on('data', (piece) => messages.push(...reader.push(piece).map(({ header }) => header)));
  closing.push({ close: () => connection.destroy() });
  for (let pid = 3; pid < 10; pid++) await join(socket, pid);
  await pollUntil(() => owner.members.length === 8, { what: 'all members', everyMillis: 5 });
  vi.runAllTimers();
  await pollUntil(() => messages.length > 2, { what: 'the number of members', everyMillis: 5 });
  expect(messages).toEqual([
    helloOf({ pid: 1, component: 'x' }),
    { type: 'welcome' },
    { type: 'members', members: 8 },
  ]);
});

test('a process stays in a group when the owner sends unknown messages, and no number of members', async () => {
  const socket = path.join(tempFolder(), 'group.sock');
  let connection: net.Socket | undefined;
  const server = net.createServer((each) => {
    connection = each;
    for (const message of [helloOf({ pid: 1, component: 'x' }), { type: 'welcome' }])
      each.write(encodeFrame(message));
  });
  closing.push(server.listen(socket), { close: () => connection?.destroy() });
  await pollUntil(() => server.listening, { what: 'the socket', everyMillis: 5 });
  const asked: string[] = [];
  const member = await Membership.join(socket, { pid: 2, component: 'x' }, async ({ path }) => {
    asked.push(path);
    return textAnswer('');
  });
  closing.push(member);
  const question = { path: '/metrics', query: '', client: 'x', acceptsGzip: false };
  for (const message of [
    { type: 'later' },
    { type: 'members', members: 'many' },
    { type: 'ask', id: 1, ...question },
  ])
    connection!.write(encodeFrame(message));
  await pollUntil(() => asked.length === 1, { what: 'the question', everyMillis: 5 });
  expect(member.others).toBeUndefined();
});

test('a member is not asked for a client that has disconnected before', async () => {
  const { owner, socket } = await ownerHere();
  const asked: string[] = [];
  await Membership.join(socket, { pid: 2, component: 'x' }, async ({ path }) => {
    asked.push(path);
    return textAnswer('');
  }).then((member) => closing.push(member));
  const ask = (path: string, signal: AbortSignal) =>
    owner.members[0]!.ask({ path, query: '', client: 'x', acceptsGzip: false }, 60_000, signal);
  await expect(ask('/first', AbortSignal.abort())).rejects.toThrow('the client has disconnected');
  await ask('/second', new AbortController().signal);
  expect(asked).toEqual(['/second']);
});
