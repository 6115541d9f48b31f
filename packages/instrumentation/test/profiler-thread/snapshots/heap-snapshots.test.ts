// The page of heap snapshots, of a made-up main thread.
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { answerRequest, type HttpAnswer } from '@heapray/exporter/http';
import type { SnapshotPlanData } from '@heapray/exporter/page';
import { expect, test, vi } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { snapshotPages } from '../../../src/profiler-thread/server/snapshot-pages.js';
import {
  HeapSnapshots,
  type HeapSnapshotsDeps,
  PIECE_BYTES,
} from '../../../src/profiler-thread/snapshots/heap-snapshots.js';

const PAGE = '/debug/heapsnapshot';
const MIB = 2 ** 20;
const NEVER = new AbortController().signal;

/** A snapshot that is taken when the test says so. */
class HeldSnapshot {
  /** Resolves when V8 has begun, to what receives the pieces. */
  readonly begun = Promise.withResolvers<(text: string) => void>();
  readonly #taken = Promise.withResolvers<void>();

  readonly take = (onPiece: (text: string) => void): Promise<void> => {
    this.begun.resolve(onPiece);
    return this.#taken.promise;
  };

  finish(): void {
    this.#taken.resolve();
  }

  fail(): void {
    this.#taken.reject(new Error('V8 refuses'));
  }
}

function setUp(deps: Partial<HeapSnapshotsDeps> = {}) {
  const folder = path.join(tempFolder(), 'home');
  const addPause = vi.fn();
  const snapshots = new HeapSnapshots({
    pid: 42,
    folder,
    heapUsage: async () => ({ usedBytes: 10 * MIB, committedBytes: 20 * MIB, bufferBytes: 0 }),
    takeSnapshot: async (onPiece) => {
      onPiece('{"snapshot":');
      onPiece('{}}');
    },
    addPause,
    log: () => {},
    ...deps,
  });
  const routes = snapshotPages(snapshots, 42);
  const get = (query = '', method: 'GET' | 'HEAD' = 'GET', signal = NEVER) =>
    answerRequest(routes, {
      method,
      path: PAGE,
      query: new URLSearchParams(query),
      client: 'test',
      acceptsGzip: false,
      authorization: undefined,
      ifNoneMatch: undefined,
      signal,
    });
  const plan = async () => JSON.parse(`${(await get()).body}`) as SnapshotPlanData;
  const confirm = async () => `confirm=${(await plan()).confirm}`;
  return { folder, addPause, snapshots, get, plan, confirm };
}

async function contentOf({ stream }: HttpAnswer): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream!.pieces) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

test('says what a snapshot costs, and takes it once for the value in that answer', async () => {
  const { addPause, get, plan } = setUp();
  const { confirm, message, ...cost } = await plan();
  expect(cost).toMatchObject({
    pid: 42,
    heapBytes: 10 * MIB,
    memoryBytes: 160 * MIB,
    fileBytes: [5 * MIB, 20 * MIB],
  });
  expect(message).toMatch(
    /^process 42 has 10 MiB of heap in use\. A heap snapshot stops it for 0\.4 to 3\.7 s, takes up to 160 MiB more of its memory meanwhile, and 5\.0 MiB to 20 MiB of its disk/,
  );
  expect(await get(`confirm=${confirm}x`)).toMatchObject({ status: 403 });
  const answer = await get(`confirm=${confirm}`);
  expect(answer.headers).toMatchObject({ 'Content-Disposition': 'attachment; filename="42.heapsnapshot"' });
  expect(answer.stream?.bytes).toBe(15);
  expect(await contentOf(answer)).toBe('{"snapshot":{}}');
  expect(addPause).toHaveBeenCalledOnce();
  expect(await get(`confirm=${confirm}`)).toMatchObject({ status: 403 });
});

test('answers 403 with the option when snapshots are not allowed, and makes nothing for HEAD', async () => {
  const takeSnapshot = vi.fn(async () => {});
  const { get, confirm } = setUp({ takeSnapshot });
  expect(await get('', 'HEAD')).toMatchObject({ body: undefined });
  expect((await get(await confirm(), 'HEAD')).stream).toBeUndefined();
  expect(takeSnapshot).not.toHaveBeenCalled();
  const off = snapshotPages(undefined, 42).get(PAGE)!;
  const request = { method: 'GET', query: new URLSearchParams(), signal: NEVER } as Parameters<typeof off>[0];
  await expect(off(request)).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('HEAPRAY_HEAP_SNAPSHOTS=true'),
  });
});

test('refuses a second snapshot with a time to retry until the first one is sent', async () => {
  const held = new HeldSnapshot();
  const { get, confirm } = setUp({ takeSnapshot: held.take });
  const [one, two] = [await confirm(), await confirm()];
  const first = get(one);
  (await held.begun.promise)('first');
  const refused = await get(two);
  expect(refused).toMatchObject({ status: 503, body: expect.stringContaining('another heap snapshot') });
  expect(Number(refused.headers?.['Retry-After'])).toBeGreaterThan(0);
  held.finish();
  const answer = await first;
  expect(await get(two)).toMatchObject({ status: 503 });
  await contentOf(answer);
  expect(await contentOf(await get(two))).toBe('');
});

test('allows the next snapshot when the client has left, or V8 has refused', async () => {
  const left = new AbortController();
  const held = new HeldSnapshot();
  const { get, confirm } = setUp({ takeSnapshot: held.take });
  const taking = get(await confirm(), 'GET', left.signal);
  (await held.begun.promise)('first');
  left.abort();
  held.finish();
  await expect(contentOf(await taking)).rejects.toThrow('discarded');
  expect((await get(await confirm())).stream).toBeDefined();

  const refusing = new HeldSnapshot();
  refusing.fail();
  const other = setUp({ takeSnapshot: refusing.take });
  const query = await other.confirm();
  expect(await other.get(query)).toMatchObject({ status: 500, body: expect.stringContaining('V8 refuses') });
  expect(await other.get(await other.confirm())).toMatchObject({ status: 500 });
});

test('leaves no file in its folder, and removes what a killed process has left there', async () => {
  const held = new HeldSnapshot();
  const { folder, get, confirm } = setUp({ takeSnapshot: held.take });
  const taking = get(await confirm());
  (await held.begun.promise)('some bytes');
  expect(readdirSync(folder)).toEqual([]);
  held.finish();
  await contentOf(await taking);

  for (const name of ['.heapray-snapshot-7.tmp', 'other.tmp']) writeFileSync(path.join(folder, name), 'left');
  await contentOf(await get(await confirm()));
  expect(readdirSync(folder)).toEqual(['other.tmp']);
});

test('refuses when the disk has too little space, before and while the snapshot is written', async () => {
  const full = setUp({ freeBytes: () => 20 * MIB });
  expect(await full.get()).toMatchObject({ status: 507, body: expect.stringContaining('20 MiB free') });

  const filling = setUp({
    freeBytes: () => 30 * MIB,
    takeSnapshot: async (onPiece) => {
      for (let mebibyte = 0; mebibyte < 30; mebibyte++) onPiece('x'.repeat(MIB));
    },
  });
  expect(await filling.get(await filling.confirm())).toMatchObject({
    status: 507,
    body: expect.stringContaining('too little space'),
  });
  // The space is free again.
  expect(await filling.get()).toMatchObject({ type: expect.stringContaining('json') });
});

test('refuses when the main thread does not answer', async () => {
  const { get } = setUp({ heapUsage: async () => undefined });
  expect(await get()).toMatchObject({ status: 503, headers: { 'Retry-After': '2' } });
});

test('gives a snapshot in pieces, and discards it after the last one', async () => {
  const text = 'a'.repeat(PIECE_BYTES) + 'b'.repeat(10);
  const { get, confirm } = setUp({ takeSnapshot: async (onPiece) => onPiece(text) });
  const query = await confirm();
  const first = await get(`${query}&from=0`);
  expect(first.headers).toMatchObject({ 'X-Heapray-Snapshot-Bytes': `${text.length}` });
  expect((first.body as Uint8Array).length).toBe(PIECE_BYTES);
  expect(await get(`${query}&from=x`)).toMatchObject({ status: 400 });
  const last = await get(`${query}&from=${PIECE_BYTES}`);
  expect(Buffer.from(last.body as Uint8Array).toString()).toBe('b'.repeat(10));
  expect(await get(`${query}&from=${PIECE_BYTES}`)).toMatchObject({ status: 404 });
});
