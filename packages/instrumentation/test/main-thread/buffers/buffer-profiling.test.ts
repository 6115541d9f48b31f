import { AsyncLocalStorage } from 'node:async_hooks';
import { Buffer as ImportedBuffer } from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { BufferProfiling } from '../../../src/main-thread/buffers/buffer-profiling.js';
import { BORN_VALUES, type BufferBatch } from '../../../src/protocol/buffer-events.js';
import { collectGarbage, ProfiledBuffers } from '../../support/buffer-profiling.js';

/** So large that nearly each Buffer is sampled: a chance of 1 - e^-32 at the interval of 256 KiB. */
const LARGE = 2 ** 23;

let buffers: ProfiledBuffers;
/** Kept, because V8 stops to call finalizers if a registry is collected before its turn. */
const all: ProfiledBuffers[] = [];
beforeEach(() => {
  buffers = new ProfiledBuffers();
  all.push(buffers);
});
afterEach(() => {
  buffers.profiling.stop();
});

/** Returns the bytes that samples stand for whose stack has this function. */
function bytesOf(name: string): number {
  return buffers
    .samples()
    .filter(({ functions }) => functions.includes(name))
    .reduce((sum, { weight }) => sum + weight, 0);
}

/** Collects garbage until something is true. */
async function collected(isTrue: () => boolean): Promise<void> {
  const check = async () => {
    await collectGarbage();
    return isTrue();
  };
  await pollUntil(check, { what: 'the end of a Buffer' });
}

describe('counts each Buffer once', () => {
  const makers: Record<string, () => Uint8Array> = {
    alloc: () => Buffer.alloc(LARGE),
    allocFilled: () => Buffer.alloc(LARGE, 'x'),
    allocUnsafe: () => Buffer.allocUnsafe(LARGE),
    allocUnsafeSlow: () => Buffer.allocUnsafeSlow(LARGE),
    fromText: () => Buffer.from('x'.repeat(LARGE)),
    fromHex: () => Buffer.from('ab'.repeat(LARGE), 'hex'),
    fromBuffer: () => Buffer.from(new Uint8Array(LARGE)),
    fromStringObject: () => Buffer.from(new String('x'.repeat(LARGE)) as string),
    concat: () => Buffer.concat([new Uint8Array(LARGE / 2), new Uint8Array(LARGE / 2)]),
    copyBytesFrom: () => Buffer.copyBytesFrom(new Uint8Array(LARGE)),
    imported: () => ImportedBuffer.alloc(LARGE),
    deprecated: () => new Buffer(LARGE),
  };
  for (const [name, make] of Object.entries(makers)) {
    test(`when ${name} makes it`, () => {
      const made = make();
      expect(made.length).toBe(LARGE);
      const total = buffers.samples().reduce((sum, { weight }) => sum + weight, 0);
      expect(total / LARGE).toBeCloseTo(1, 5);
    });
  }

  test('when a subclass makes it by an inherited function', () => {
    class Derived extends (Buffer as unknown as { new (): Uint8Array; alloc(size: number): Uint8Array }) {}
    const derive = () => Derived.alloc(LARGE);
    expect(derive()).toBeInstanceOf(Buffer);
    expect(bytesOf('derive')).toBeCloseTo(LARGE);
  });

  test('when fs reads a file and zlib inflates it', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'buffers-'));
    const file = path.join(folder, 'zeros.gz');
    writeFileSync(file, gzipSync(new Uint8Array(LARGE), { level: 0 }));
    function readIt() {
      return readFileSync(file);
    }
    const packed = readIt();
    expect(bytesOf('readIt') / packed.length).toBeCloseTo(1, 1);
    function inflateIt() {
      return gunzipSync(packed, { chunkSize: 2 * LARGE });
    }
    expect(inflateIt().length).toBe(LARGE);
    expect(bytesOf('inflateIt') / (2 * LARGE)).toBeCloseTo(1, 1);
    rmSync(folder, { recursive: true });
  });
});

test('names the calling function and its line when a Buffer is made', () => {
  function keeper() {
    // `from` calls `allocUnsafeSlow`, and `Buffer` calls `alloc`: none of these is shown.
    return [Buffer.alloc(LARGE), Buffer.from('x'.repeat(LARGE)), new Buffer(LARGE)];
  }
  expect(keeper()).toHaveLength(3);
  buffers.profiling.flush();
  const stacks = buffers.batches.flatMap((batch) => batch.stacks);
  const leaves = stacks.map(({ frames }) => frames[0]);
  expect(leaves.map((leaf) => leaf?.functionName)).toEqual(['keeper', 'keeper', 'keeper']);
  expect(new Set(leaves.map((leaf) => `${leaf?.lineNumber}:${leaf?.columnNumber}`)).size).toBe(3);
  for (const leaf of leaves) expect(leaf?.url).toContain('buffer-profiling.test');
  for (const { frames, isCut } of stacks) {
    expect(isCut).toBe(false);
    expect(frames.map(({ url }) => url).join()).not.toContain('main-thread/buffers/buffer-hooks');
  }
});

test('stands for all bytes when many small and middle-sized Buffers are made', () => {
  const made = { small: 0, middle: 0 };
  function small() {
    made.small += Buffer.allocUnsafe(1_000).length;
  }
  function middle() {
    made.middle += Buffer.allocUnsafe(100_000).length;
  }
  for (let i = 0; i < 50_000; i++) small();
  for (let i = 0; i < 3_000; i++) middle();
  // The standard errors are some 7 % and 4 %: 190 samples, and 320 of each 1,000 Buffers.
  expect(bytesOf('small') / made.small).toBeGreaterThan(0.65);
  expect(bytesOf('small') / made.small).toBeLessThan(1.35);
  expect(bytesOf('middle') / made.middle).toBeGreaterThan(0.8);
  expect(bytesOf('middle') / made.middle).toBeLessThan(1.2);
});

test('ignores empty Buffers, views, and memory shared with other threads', () => {
  const store = new ArrayBuffer(LARGE);
  const shared = new SharedArrayBuffer(LARGE);
  expect(Buffer.alloc(0).length + Buffer.from('').length + Buffer.concat([]).length).toBe(0);
  expect(Buffer.from(store).buffer).toBe(store);
  expect(Buffer.from(shared).length).toBe(LARGE);
  expect(buffers.samples()).toEqual([]);
});

test('counts a Buffer of 4 GiB whole', () => {
  // Pages that are not touched take no memory.
  expect(Buffer.allocUnsafeSlow(2 ** 32).length).toBe(2 ** 32);
  expect(buffers.samples().map(({ weight }) => weight)).toEqual([2 ** 32]);
});

test('passes on what the original throws, and works on', () => {
  expect(() => Buffer.alloc(-1)).toThrow(RangeError);
  expect(() => Buffer.from(5 as unknown as string)).toThrow(TypeError);
  expect(Buffer.alloc(LARGE).length).toBe(LARGE);
  expect(buffers.samples()).toHaveLength(1);
});

describe('reports the end of a Buffer', () => {
  test('when it is collected', async () => {
    // Functions of their own, because a suspended function keeps its temporary values.
    const kept: Uint8Array[] = [];
    (() => void kept.push(Buffer.alloc(LARGE)))();
    const [sample] = buffers.samples();
    await collectGarbage();
    expect(buffers.died()).toEqual([]);
    kept.length = 0;
    await collected(() => buffers.died().length > 0);
    expect(buffers.died()).toEqual([sample?.id]);
  });

  test('when it is transferred while the program keeps what is left', async () => {
    const sent = Buffer.alloc(LARGE);
    const [sample] = buffers.samples();
    const received = structuredClone(sent.buffer, { transfer: [sent.buffer as ArrayBuffer] });
    expect([sent.length, received.byteLength]).toEqual([0, LARGE]);
    await pollUntil(() => buffers.died().length > 0, { what: 'the end of the Buffer' });
    expect(buffers.died()).toEqual([sample?.id]);
  });

  test('but not when only the small Buffer is, whose slab others hold', async () => {
    const kept = new Map<ArrayBufferLike, Uint8Array>();
    (() => {
      while (buffers.samples().length < 3) {
        for (let i = 0; i < 1000; i++) {
          const slice = Buffer.from('small');
          // Keep the last one of each slab.
          kept.set(slice.buffer, slice);
        }
      }
    })();
    expect(buffers.samples()[0]?.functions[0]).toBe('(pooled)');
    const ids = buffers.samples().map(({ id }) => id);
    await collected(() => buffers.leftInPool().length > 0);
    expect(buffers.died()).toEqual([]);
    expect(ids).toEqual(expect.arrayContaining(buffers.leftInPool()));
    kept.clear();
    await collected(() => buffers.died().length > 0);
  });
});

test('keeps neither receivers nor closures of a stack', async () => {
  const held = (() => {
    const owner = {
      data: new Array(1000).fill('data'),
      make() {
        return Buffer.alloc(LARGE);
      },
    };
    const kept = owner.make();
    return { kept, owner: new WeakRef(owner) };
  })();
  expect(buffers.samples()).toHaveLength(1);
  await collected(() => held.owner.deref() === undefined);
  expect(held.kept.length).toBe(LARGE);
});

test('counts what it drops when the profiler thread does not keep up', () => {
  buffers.taken = 0;
  for (let i = 0; i < 32; i++) {
    Buffer.alloc(LARGE);
    buffers.profiling.flush();
  }
  Buffer.alloc(LARGE);
  buffers.taken = undefined;
  expect(buffers.samples()).toHaveLength(32);
  expect(buffers.batches.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(1);
});

test('starts over when the profiler thread does', () => {
  const keep = () => Buffer.alloc(LARGE);
  const kept = [keep()];
  expect(buffers.samples()).toHaveLength(1);
  buffers.profiling.threadStarted();
  buffers.batches.length = 0;
  kept.push(keep());
  const [again] = buffers.samples();
  expect(again?.functions[0]).toBe('keep');
});

test('keeps nothing of a request alive when that makes a sampled Buffer', async () => {
  const storage = new AsyncLocalStorage<string>();
  const contexts: unknown[] = [];
  const profiling = new BufferProfiling({
    send: () => void contexts.push(storage.getStore()),
    taken: () => contexts.length,
    log: () => {},
  });
  profiling.set('buffers');
  try {
    // A batch is sent a second later, in the context that its timer has kept.
    storage.run('request', () => Buffer.alloc(LARGE));
    await pollUntil(() => contexts.length > 0, { what: 'a batch' });
    expect(contexts).toEqual([undefined]);
  } finally {
    profiling.stop();
  }
});

test('leaves out and counts a sample when the program has no stack left for it, and goes on', () => {
  const batches: BufferBatch[] = [];
  const logged: string[] = [];
  let isDeep = true;
  const profiling = new BufferProfiling({
    send: (batch) => void batches.push(batch),
    taken: () => {
      if (isDeep) throw new RangeError('Maximum call stack size exceeded');
      return batches.length;
    },
    log: (_, text) => void logged.push(text),
  });
  profiling.set('buffers');
  try {
    Buffer.alloc(LARGE);
    isDeep = false;
    Buffer.alloc(LARGE);
    profiling.flush();
    expect({ mode: profiling.mode, logged }).toEqual({ mode: 'buffers', logged: [] });
    expect(batches.map(({ born, dropped }) => [born.length / BORN_VALUES, dropped])).toEqual([[1, 1]]);
  } finally {
    profiling.stop();
  }
});
