// Bodies in pieces, which are made while they are sent.
import { expect, test } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { rawClient, requestText } from '../../../../test/support/raw-client.js';
import type { HttpHandler } from '../../src/http/index.js';
import { startServer } from './support.js';

const PIECE = Buffer.alloc(64 * 1024, 'x');

/** Returns a page of `count` pieces, the last of which may fail, and what became of them. */
function streamed(count: number, { fails = false } = {}) {
  const state = { made: 0, isEnded: false };
  async function* pieces() {
    try {
      for (; state.made < count; state.made++) {
        if (fails && state.made === count - 1) throw new Error('the source is gone');
        yield PIECE;
      }
    } finally {
      state.isEnded = true;
    }
  }
  const handler: HttpHandler = () => ({
    type: 'application/octet-stream',
    body: undefined,
    stream: { bytes: count * PIECE.length, pieces: pieces() },
  });
  return { state, handler };
}

test('sends all pieces with their length, and answers the next request of the connection', async () => {
  const { state, handler } = streamed(20);
  const { address } = await startServer({ '/stream': handler });
  const { status, headers, bytes } = await httpGet(`http://127.0.0.1:${address.port}/stream`);
  expect({ status, length: headers['content-length'], bytes: bytes.length }).toEqual({
    status: 200,
    length: `${20 * PIECE.length}`,
    bytes: 20 * PIECE.length,
  });
  expect(state).toEqual({ made: 20, isEnded: true });
  const client = await rawClient(address.port, requestText('/page') + requestText('/page'));
  await client.waitFor(/a page\n[\s\S]*a page\n/);
});

test('cuts the connection when a piece cannot be made', async () => {
  const { handler } = streamed(20, { fails: true });
  const { address } = await startServer({ '/stream': handler });
  await expect(httpGet(`http://127.0.0.1:${address.port}/stream`)).rejects.toThrow(/aborted|hang up/);
  expect((await httpGet(`http://127.0.0.1:${address.port}/page`)).body).toBe('a page\n');
});

test('makes no more pieces than the client takes, and ends the source when the client leaves', async () => {
  const { state, handler } = streamed(10_000);
  const { address } = await startServer({ '/stream': handler });
  const { socket } = await rawClient(address.port, requestText('/stream'));
  socket.pause();
  let before = -1;
  await pollUntil(
    () => {
      const isStill = state.made > 0 && state.made === before;
      before = state.made;
      return isStill;
    },
    { what: 'the source to wait for the client', everyMillis: 200 },
  );
  expect(state.made).toBeLessThan(1_000);
  socket.destroy();
  await pollUntil(() => state.isEnded, { what: 'the end of the source' });
});
