import { inspect } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { bufferHooks } from '../../../src/main-thread/buffers/buffer-hooks.js';
import { BufferSampler } from '../../../src/main-thread/buffers/buffer-sampler.js';
import { ProfiledBuffers } from '../../support/buffer-profiling.js';

const LARGE = 2 ** 23;
const HOOKED = ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'from', 'concat', 'copyBytesFrom'] as const;

const running: ProfiledBuffers[] = [];
function profiled(mode?: 'buffers' | 'all'): ProfiledBuffers {
  const buffers = new ProfiledBuffers(mode);
  running.push(buffers);
  return buffers;
}
afterEach(() => {
  for (const { profiling } of running.splice(0)) profiling.stop();
});

function looks() {
  const descriptors = Object.getOwnPropertyDescriptors(Buffer);
  return {
    keys: Reflect.ownKeys(Buffer),
    functions: HOOKED.map((name) => {
      const { value, ...attributes } = descriptors[name] as PropertyDescriptor;
      const { prototype, toString: _, ...own } = Object.getOwnPropertyDescriptors(value);
      return {
        name,
        attributes,
        own,
        text: String(value),
        shown: inspect(value),
        prototype: prototype?.value,
      };
    }),
    shown: inspect(Buffer),
    text: String(Buffer),
    prototype: Object.getPrototypeOf(Buffer),
    instance: [
      Buffer.from('a') instanceof Buffer,
      Buffer.from('a') instanceof Uint8Array,
      Buffer.from('a').constructor,
    ],
  };
}

test('leaves the look of Buffer as it was', () => {
  const before = looks();
  profiled();
  expect(looks()).toEqual(before);
});

test('puts the same functions back when it stops', () => {
  const before = HOOKED.map((name) => Buffer[name]);
  const { profiling } = profiled();
  expect(HOOKED.map((name) => Buffer[name])).not.toEqual(before);
  profiling.set('off');
  for (const [at, name] of HOOKED.entries()) expect(Buffer[name]).toBe(before[at]);
});

test('works with a function that another library has replaced before', () => {
  const original = Buffer.alloc;
  const calls: unknown[] = [];
  Buffer.alloc = function alloc(this: unknown, ...args: unknown[]) {
    calls.push([this === Buffer, args.length]);
    return Reflect.apply(original, this, args) as ReturnType<typeof original>;
  } as typeof Buffer.alloc;
  try {
    const buffers = profiled();
    expect(Buffer.alloc(LARGE).length).toBe(LARGE);
    expect(calls).toEqual([[true, 1]]);
    expect(buffers.samples()).toHaveLength(1);
    buffers.profiling.set('off');
    expect(Buffer.alloc).not.toBe(original);
  } finally {
    Buffer.alloc = original;
  }
});

test('takes no effect any more, below a function that was replaced after it, and is not doubled later', () => {
  const buffers = profiled();
  const ours = Buffer.alloc;
  const theirs = ((size: number) => ours(size)) as typeof Buffer.alloc;
  Buffer.alloc = theirs;
  buffers.profiling.set('off');
  expect(Buffer.alloc).toBe(theirs);
  expect(Buffer.alloc(LARGE).length).toBe(LARGE);
  expect(buffers.samples()).toEqual([]);
  buffers.profiling.set('buffers');
  expect(Buffer.alloc).toBe(theirs);
  expect(Buffer.alloc(LARGE).length).toBe(LARGE);
  expect(buffers.samples()).toHaveLength(1);
  Buffer.alloc = ours;
});

test('constructs a subclass whose length cannot be read yet', () => {
  profiled('all');
  class Late extends Uint8Array {
    readonly #bytes = 7;
    /** Throws before the constructor of this class has run. */
    static bytesOf(late: Late): number {
      return late.#bytes;
    }
  }
  Object.defineProperty(Late.prototype, 'byteLength', {
    get(this: Late) {
      return Late.bytesOf(this);
    },
  });
  expect(new Late(8).byteLength).toBe(7);
});

test('copes with results that are no Buffers', () => {
  const samples: unknown[] = [];
  const failures: unknown[] = [];
  const sampler = new BufferSampler(
    (sample) => samples.push(sample),
    (thrown) => failures.push(thrown),
  );
  sampler.interval = 1;
  const fake: { alloc(): unknown; from(): unknown; concat(): unknown; allocUnsafe?(): unknown } = {
    alloc: () => undefined,
    from: () => ({ byteLength: 5 }),
    concat: () => null,
  };
  for (const hook of bufferHooks(fake, sampler)) hook.install();
  expect([fake.alloc(), fake.from(), fake.concat()]).toEqual([undefined, { byteLength: 5 }, null]);
  fake.allocUnsafe?.();
  expect({ samples, failures, isNumber: Number.isFinite(sampler.left[0]) }).toEqual({
    samples: [],
    failures: [],
    isNumber: true,
  });
});

test('refuses what cannot be replaced, without throwing', () => {
  const sampler = new BufferSampler(
    () => {},
    () => {},
  );
  const frozen = Object.freeze({
    alloc: () => Buffer.alloc(1),
    get from() {
      return () => undefined;
    },
  });
  expect(bufferHooks(frozen, sampler).map((hook) => hook.install())).not.toContain(true);
  const later = { alloc: () => 1 };
  const [hook] = bufferHooks(later, sampler);
  expect(hook?.install()).toBe(true);
  Object.freeze(later);
  expect(hook?.remove()).toBe(false);
  expect(later.alloc()).toBe(1);
});

test('counts array buffers and typed arrays only if asked to, and gives the constructors back', () => {
  const before = { Uint8Array, ArrayBuffer, Float64Array };
  const buffers = profiled('buffers');
  new Uint8Array(LARGE);
  expect(buffers.samples()).toEqual([]);
  buffers.profiling.set('all');
  const array = new Uint8Array(LARGE);
  const store = new ArrayBuffer(LARGE);
  class Derived extends Float64Array {}
  const derived = new Derived(LARGE / 8);
  const resizable = new ArrayBuffer(LARGE, { maxByteLength: 2 * LARGE });
  expect(new Uint8Array(store).buffer).toBe(store);
  expect(array.constructor).toBe(Uint8Array);
  expect(array instanceof Uint8Array && Buffer.from('a') instanceof Uint8Array).toBe(true);
  expect(derived instanceof Derived && derived instanceof Float64Array).toBe(true);
  expect([Uint8Array.from([1, 2]).length, Uint8Array.name, Uint8Array.length, resizable.resizable]).toEqual([
    2,
    'Uint8Array',
    3,
    true,
  ]);
  expect(buffers.samples().map(({ bytes }) => bytes)).toEqual([LARGE, LARGE, LARGE, LARGE]);
  buffers.profiling.set('off');
  expect({ Uint8Array, ArrayBuffer, Float64Array }).toEqual(before);
  expect(array.constructor).toBe(before.Uint8Array);
});
