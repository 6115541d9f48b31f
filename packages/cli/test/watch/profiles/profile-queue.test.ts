import { HttpError } from '@heapray/exporter/http';
import { expect, test } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { type Make, ProfileQueue } from '../../../src/watch/profiles/profile-queue.js';

const HERE = new AbortController().signal;

/** Returns work that ends when the test says so. */
function heldWork() {
  const log: string[] = [];
  const held = new Map<string, PromiseWithResolvers<Uint8Array>>();
  const work =
    (name: string): Make =>
    (signal) => {
      log.push(name);
      const work = Promise.withResolvers<Uint8Array>();
      held.set(name, work);
      signal.addEventListener('abort', () => {
        log.push(`${name} given up`);
        work.reject(signal.reason);
      });
      return work.promise;
    };
  const begun = (name: string) => pollUntil(() => log.includes(name), { what: name, everyMillis: 1 });
  return { log, work, begun, end: (name: string) => held.get(name)!.resolve(Buffer.from(name)) };
}

test('makes one profile at a time, in order', async () => {
  const { log, work, begun, end } = heldWork();
  const queue = new ProfileQueue();
  const all = ['a', 'b', 'c'].map((name) => queue.get(name, HERE, work(name)));
  for (const name of ['a', 'b', 'c']) {
    await begun(name);
    expect(log.at(-1)).toBe(name);
    end(name);
    expect(await all[['a', 'b', 'c'].indexOf(name)]).toEqual(Buffer.from(name));
  }
  expect(log).toEqual(['a', 'b', 'c']);
});

test('makes the same profile once, also for requests a short time later', async () => {
  const { log, work, begun, end } = heldWork();
  const queue = new ProfileQueue();
  const both = [queue.get('a', HERE, work('a')), queue.get('a', HERE, work('a'))];
  await begun('a');
  end('a');
  const [one, two] = await Promise.all(both);
  expect(one).toBe(two);
  expect(await queue.get('a', HERE, work('a'))).toBe(one);
  expect(log).toEqual(['a']);
});

test('keeps only a few profiles', async () => {
  const { log, work, begun, end } = heldWork();
  const queue = new ProfileQueue({ maxKept: 2 });
  for (const name of ['a', 'b', 'c']) {
    const made = queue.get(name, HERE, work(name));
    await begun(name);
    end(name);
    await made;
  }
  await queue.get('c', HERE, work('c'));
  await queue.get('b', HERE, work('b'));
  expect(log).toEqual(['a', 'b', 'c']);
  void queue.get('a', HERE, work('a'));
  await pollUntil(() => log.length === 4, { what: 'a again' });
});

test('rejects requests when too many wait', async () => {
  const { work, begun } = heldWork();
  const queue = new ProfileQueue({ maxWaiting: 2 });
  for (const name of ['a', 'b', 'c']) void queue.get(name, HERE, work(name));
  await begun('a');
  const refused = queue.get('d', HERE, work('d'));
  await expect(refused).rejects.toEqual(new HttpError(503, 'profiles: 2 wait already', 5));
  await expect(refused).rejects.toMatchObject({ status: 503, retryAfterSeconds: 5 });
});

test('abandons a profile that no client waits for any more', async () => {
  const { log, work, begun, end } = heldWork();
  const queue = new ProfileQueue();
  const clients = [new AbortController(), new AbortController(), new AbortController()];
  const [first, second, waiting] = [
    queue.get('a', clients[0]!.signal, work('a')),
    queue.get('a', clients[1]!.signal, work('a')),
    queue.get('b', clients[2]!.signal, work('b')),
  ];
  const last = queue.get('c', HERE, work('c'));
  await begun('a');
  clients[0]!.abort();
  await expect(first).rejects.toThrow('aborted');
  expect(log).toEqual(['a']);
  clients[2]!.abort();
  await expect(waiting).rejects.toThrow('aborted');
  clients[1]!.abort();
  await expect(second).rejects.toThrow('aborted');
  await begun('c');
  expect(log).toEqual(['a', 'a given up', 'c']);
  end('c');
  expect(await last).toEqual(Buffer.from('c'));
});

test('continues after a profile that could not be made, and tries it again', async () => {
  const queue = new ProfileQueue();
  const fail: Make = () => Promise.reject(new Error('no'));
  await expect(queue.get('a', HERE, fail)).rejects.toThrow('no');
  expect(await queue.get('a', HERE, () => Promise.resolve(Buffer.from('a')))).toEqual(Buffer.from('a'));
});
