// The queue of exports while a receiver is away.
import { expect, test } from 'vitest';
import { DropCounter } from '../../src/export/profile-exporter.js';
import { type Delivery, SendQueue } from '../../src/export/send-queue.js';
import { FakeClock } from './support/fake-clock.js';

/** Returns a queue, and a function that adds a body: a part of a larger buffer, as zlib returns them. */
function queue(deliver: (name: string) => Delivery, maxBytes = 100) {
  const clock = new FakeClock();
  const drops = new DropCounter();
  const sent: string[] = [];
  /** Bytes that the body sent last keeps in memory. */
  const kept = { bytes: 0 };
  const made = new SendQueue({
    maxBytes,
    maxAgeMillis: 3_600_000,
    drainMillis: 10_000,
    clock,
    drops,
    send: async ({ body }) => {
      const name = Buffer.from(body).toString().trim();
      sent.push(name);
      kept.bytes = body.buffer.byteLength;
      return deliver(name);
    },
  });
  const add = (name: string, bytes = 10) => made.add({ body: Buffer.from(name.padEnd(bytes)), profiles: 4 });
  return { queue: made, clock, drops, sent, kept, add };
}

test('keeps only the bytes of a body when it is a part of a larger buffer', async () => {
  const { queue: made, kept, add } = queue(() => later);
  add('a', 10);
  await made.drain();
  expect(kept.bytes).toBe(10);
});

const later: Delivery = { kind: 'later', reason: 'down' };
const delivered: Delivery = { kind: 'delivered' };

test('sends what has waited first when the receiver is back', async () => {
  let isUp = false;
  const { queue: made, sent, add, drops } = queue(() => (isUp ? delivered : later));
  add('a');
  expect(await made.drain()).toMatchObject({
    code: 1,
    error: new Error('down; 1 exports wait for the next interval'),
  });
  add('b');
  isUp = true;
  expect(await made.drain()).toEqual({ code: 0 });
  expect(sent).toEqual(['a', 'a', 'b']);
  expect(made.bytes).toBe(0);
  expect({ ...drops }).toEqual({ rejected: 0, queue_full: 0, too_old: 0, failed: 0 });
});

test('drops and counts the oldest when there is no room', async () => {
  const { queue: made, sent, add, drops } = queue(() => delivered);
  for (let n = 0; n < 25; n += 1) add(`n${n}`);
  expect(made.bytes).toBe(100);
  expect(drops.queue_full).toBe(15 * 4);
  expect(add('large', 101)).toBe(false);
  expect(drops.queue_full).toBe(16 * 4);
  await made.drain();
  expect(sent[0]).toBe('n15');
});

test('drops and counts what is older than an hour', async () => {
  const { queue: made, sent, add, drops, clock } = queue(() => delivered);
  add('old');
  await clock.advance(1_800_001);
  clock.step(-86_400_000);
  add('young');
  await clock.advance(1_800_000);
  await made.drain();
  expect(sent).toEqual(['young']);
  expect(drops.too_old).toBe(4);
});

test('goes on with the next, and counts, when one is rejected', async () => {
  const {
    queue: made,
    sent,
    add,
    drops,
  } = queue((name) => (name === 'bad' ? { kind: 'rejected', reason: 'status 400' } : delivered));
  add('bad');
  add('good');
  expect(await made.drain()).toMatchObject({ code: 1 });
  expect(sent).toEqual(['bad', 'good']);
  expect(drops.rejected).toBe(4);
});
