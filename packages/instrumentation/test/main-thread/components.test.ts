// One file of over 400 lines: all tests of the two functions share the recorder below and the state that they reset.
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { runCommand } from '../../../../test/support/run-command.js';
import { ConfigError } from '../../src/config/index.js';
import {
  declaredComponents,
  defineComponents,
  profileComponent,
  setComponentCaptures,
  type WrappedFunction,
} from '../../src/main-thread/profiler/components.js';
import { eventually } from '../support/eventually.js';

/** Records the calls to a profiler that traces these components. */
function traced(...names: string[]) {
  const told: string[] = [];
  setComponentCaptures({
    wrapped: ({ component }) => told.push(`wrapped ${component}`),
    declared: (name) => told.push(`declared ${name}`),
    begin: (name) => {
      if (!names.includes(name)) return undefined;
      told.push(`begin ${name}`);
      return () => told.push(`end ${name}`);
    },
  });
  told.length = 0;
  return told;
}

beforeEach(() => {
  // The process has one registry; begin each test with a new one.
  delete (globalThis as Record<symbol, unknown>)[Symbol.for('heapray.components.2')];
});
afterEach(() => {
  setComponentCaptures(undefined);
  vi.restoreAllMocks();
});

describe('a traced component is captured', () => {
  test('until it returns', () => {
    const told = traced('api');
    const work = profileComponent('api', () => {
      told.push('work');
      return 42;
    });
    told.length = 0;
    expect(work()).toBe(42);
    expect(told).toEqual(['begin api', 'work', 'end api']);
  });

  test('until it throws', () => {
    const told = traced('api');
    const error = new Error('out of order');
    const work = profileComponent('api', () => {
      throw error;
    });
    told.length = 0;
    expect(work).toThrow(error);
    expect(told).toEqual(['begin api', 'end api']);
  });

  test('until its promise is fulfilled', async () => {
    const told = traced('api');
    const { promise, resolve } = Promise.withResolvers<string>();
    const work = profileComponent('api', () => promise);
    told.length = 0;
    const result = work();
    expect(result).toBeInstanceOf(Promise);
    await Promise.resolve();
    expect(told).toEqual(['begin api']);
    resolve('done');
    expect(await result).toBe('done');
    expect(told).toEqual(['begin api', 'end api']);
  });

  test('until its promise is rejected', async () => {
    const told = traced('api');
    const error = new Error('out of order');
    const work = profileComponent('api', async () => {
      await Promise.resolve();
      throw error;
    });
    told.length = 0;
    await expect(work()).rejects.toBe(error);
    expect(told).toEqual(['begin api', 'end api']);
  });

  test('until its promise, resolved with another one, settles', async () => {
    const told = traced('api');
    const { promise, resolve } = Promise.withResolvers<string>();
    const work = profileComponent('api', async () => promise);
    told.length = 0;
    const result = work();
    await new Promise(setImmediate);
    expect(told).toEqual(['begin api']);
    resolve('done');
    expect(await result).toBe('done');
    expect(told).toEqual(['begin api', 'end api']);
  });

  test('until its promise, shared by two calls, settles', async () => {
    const told = traced('api');
    const { promise, resolve } = Promise.withResolvers<void>();
    const work = profileComponent('api', () => promise);
    told.length = 0;
    work();
    work();
    resolve();
    await promise;
    expect(told).toEqual(['begin api', 'begin api', 'end api', 'end api']);
    expect(work()).toBe(promise);
    expect(told.slice(4)).toEqual(['begin api', 'end api']);
  });

  test('until its promise is collected and so will never settle', async () => {
    const told = traced('api');
    const work = profileComponent('api', () => new Promise(() => {}));
    told.length = 0;
    void work();
    await eventually(() => {
      globalThis.gc?.();
      expect(told).toEqual(['begin api', 'end api']);
    });
  });

  test('until it returns a lazy thenable, without starting it', () => {
    const told = traced('api');
    const then = vi.fn();
    const query = { then };
    const work = profileComponent('api', () => query);
    told.length = 0;
    expect(work()).toBe(query);
    expect(told).toEqual(['begin api', 'end api']);
    expect(then).not.toHaveBeenCalled();
  });

  test.each([undefined, null, 0, '', [1]])('and returns %j as it is', (value) => {
    const told = traced('api');
    const work = profileComponent('api', () => value);
    told.length = 0;
    expect(work()).toBe(value);
    expect(told).toEqual(['begin api', 'end api']);
  });

  test('inside another one', () => {
    const told = traced('api', 'scheduler');
    const inner = profileComponent('scheduler', () => told.push('work'));
    const outer = profileComponent('api', () => inner());
    told.length = 0;
    outer();
    expect(told).toEqual(['begin api', 'begin scheduler', 'work', 'end scheduler', 'end api']);
  });

  test('only once it is traced', () => {
    const work = profileComponent('api', () => 1);
    expect(work()).toBe(1);
    const told = traced('api');
    work();
    expect(told).toEqual(['begin api', 'end api']);
    setComponentCaptures(undefined);
    work();
    expect(told).toHaveLength(2);
  });
});

test.each(['traced', 'untraced'])('an unhandled error in a %s component is fatal', async (tracing) => {
  const program = fileURLToPath(new URL('../programs/failing-component.mjs', import.meta.url));
  const { status, stdout, stderr } = await runCommand(process.execPath, [program, tracing]);
  expect(stderr).toContain('Error: out of order');
  expect(status).toBe(1);
  expect(stdout).toBe(tracing === 'traced' ? 'ended\n' : '');
});

describe('a wrapped function', () => {
  test('gets its arguments and `this`, traced or not', () => {
    const scheduler = {
      name: 'nightly',
      run: profileComponent('scheduler', function (this: { name: string }, ...args: number[]) {
        return [this.name, ...args];
      }),
    };
    expect(scheduler.run(1, 2)).toEqual(['nightly', 1, 2]);
    traced('scheduler');
    expect(scheduler.run(3)).toEqual(['nightly', 3]);
  });

  test.each([[[]], [['api']]])(
    'returns the very same value that the work returns (traced: %j)',
    async (names) => {
      traced(...names);
      class LazyPromise extends Promise<void> {
        // biome-ignore lint/suspicious/noThenProperty: the test must notice a call of it.
        override then(): never {
          throw new Error('not to be called');
        }
      }
      const returned = [
        Promise.resolve(1),
        new Promise(() => {}),
        new LazyPromise(() => {}),
        LazyPromise.resolve(),
        (function* () {})(),
        (async function* () {})(),
        Object.create(null),
      ];
      for (const value of returned) {
        const result: unknown = profileComponent('api', () => value as unknown)();
        // Avoid toBe, which inspects the values when they differ.
        expect(Object.is(result, value)).toBe(true);
      }
      // The promise must have no handler.
      const process = globalThis.process;
      const unhandled = vi.fn();
      process.once('unhandledRejection', unhandled);
      const rejected = Promise.reject(new Error('for nobody'));
      void profileComponent('api', () => rejected)();
      await eventually(() => expect(unhandled.mock.calls[0]?.[1]).toBe(rejected));
    },
  );

  test.each([[[]], [['api']]])('may be either kind of generator (traced: %j)', async (names) => {
    traced(...names);
    const numbers = profileComponent('api', function* (upTo: number) {
      for (let n = 0; n < upTo; n++) yield n;
    });
    expect([...numbers(3)]).toEqual([0, 1, 2]);
    const later = profileComponent('api', async function* (upTo: number) {
      for (let n = 0; n < upTo; n++) yield n;
    });
    const seen: number[] = [];
    for await (const n of later(3)) seen.push(n);
    expect(seen).toEqual([0, 1, 2]);
  });

  test.each([[[]], [['api']]])('may be a class (traced: %j)', (names) => {
    const told = traced(...names);
    class Original {
      static #made = 0;
      static limit = 3;
      static get made(): number {
        // biome-ignore lint/complexity/noThisInStatic: that it is the class, and not its stand-in, is what is tested.
        return Original.#count(this);
      }
      static #count(self: typeof Original): number {
        return self.#made;
      }
      readonly target: unknown;
      readonly name: string;
      constructor(name: string) {
        this.target = new.target;
        Original.#made++;
        this.name = name;
      }
    }
    const Wrapped = profileComponent('api', Original);
    told.length = 0;
    const one = new Wrapped('one');
    expect(told).toEqual(names.length > 0 ? ['begin api', 'end api'] : []);
    expect(one).toBeInstanceOf(Original);
    expect(one).toBeInstanceOf(Wrapped);
    expect(one.target).toBe(Original);
    expect(one.name).toBe('one');
    expect(Wrapped.made).toBe(1);
    expect(Wrapped.limit).toBe(3);
    Wrapped.limit = 4;
    expect(Original.limit).toBe(4);
    class Derived extends Wrapped {}
    const derived = new Derived('two');
    expect(derived.target).toBe(Derived);
    expect(derived).toBeInstanceOf(Original);
    // @ts-expect-error: a class is not called.
    expect(() => Wrapped('three')).toThrow(TypeError);
  });

  test('may be an accessor', () => {
    const get = profileComponent('api', function (this: { n: number }) {
      return this.n;
    });
    traced('api');
    const object = Object.defineProperty({ n: 5 }, 'value', { get }) as { n: number; value: number };
    expect(object.value).toBe(5);
  });

  test('has the name, the length and the properties of the work', () => {
    const symbol = Symbol('custom');
    const work = Object.assign(function nightly(_a: number, _b: number, ..._more: number[]) {}, {
      retries: 3,
      [symbol]: 'yes',
    });
    const wrapped = profileComponent('scheduler', work);
    expect(wrapped.name).toBe('nightly');
    expect(wrapped.length).toBe(2);
    expect(wrapped.retries).toBe(3);
    expect(wrapped[symbol]).toBe('yes');
    expect(Reflect.ownKeys(wrapped)).toEqual(Reflect.ownKeys(work));
    wrapped.retries = 4;
    expect(work.retries).toBe(4);
    expect(String(wrapped)).toMatch(/^function/);
    expect(() => new (profileComponent('api', (() => {}) as unknown as new () => object))()).toThrow(
      TypeError,
    );
  });

  test('must be a function', () => {
    expect(() => profileComponent('api', undefined as never)).toThrow(TypeError);
    expect(declaredComponents()).toEqual([]);
  });

  test('runs when null is given for the options', () => {
    expect(profileComponent('api', () => 1, null as never)()).toBe(1);
  });

  test('runs normally when the profiler fails', () => {
    setComponentCaptures({
      wrapped: () => raise(),
      declared: () => raise(),
      begin: () => raise(),
    });
    expect(profileComponent('api', () => 42)()).toBe(42);
    setComponentCaptures({ wrapped() {}, declared() {}, begin: () => () => raise() });
    expect(profileComponent('api', () => 42)()).toBe(42);
    expect(() =>
      profileComponent('api', () => {
        throw new RangeError('its own');
      })(),
    ).toThrow('its own');
  });

  test('that is not traced makes no call to the profiler', () => {
    const told = traced('scheduler');
    const work = profileComponent('api', () => 1);
    told.length = 0;
    for (let i = 0; i < 1000; i++) work();
    expect(told).toEqual([]);
  });

  test('keeps its types', () => {
    const work = profileComponent('api', async (name: string, count?: number) => name.repeat(count ?? 1));
    expectTypeOf(work).parameter(0).toEqualTypeOf<string>();
    expectTypeOf(work).parameter(1).toEqualTypeOf<number | undefined>();
    expectTypeOf(work).returns.resolves.toEqualTypeOf<string>();
  });

  test('is reported to a profiler that starts later', () => {
    profileComponent('api', () => 1);
    profileComponent('scheduler', () => 1);
    const seen: string[] = [];
    setComponentCaptures({
      wrapped: ({ component }) => seen.push(component),
      declared: () => {},
      begin: () => undefined,
    });
    expect(seen).toEqual(['api', 'scheduler']);
    profileComponent('triggerer', () => 1);
    expect(seen).toEqual(['api', 'scheduler', 'triggerer']);
  });

  test('beyond the limit of its component is not labelled, but works', () => {
    const works = Array.from({ length: 150 }, (_, i) => () => i);
    for (const work of works) profileComponent('api', work);
    profileComponent('scheduler', () => 1);
    const wrapped = vi.fn<(wrapped: WrappedFunction) => void>();
    setComponentCaptures({ wrapped, declared: () => {}, begin: () => undefined });
    const components = wrapped.mock.calls.map(([{ component }]) => component);
    expect(components.filter((component) => component === 'api')).toHaveLength(100);
    expect(components).toContain('scheduler');
    const told = traced('api');
    expect(profileComponent('api', () => 'last')()).toBe('last');
    expect(told).toContain('end api');
  });

  test('is not kept alive, nor what it references', async () => {
    const held = Array.from({ length: 50 }, () => wrapAndForget());
    await new Promise(setImmediate);
    globalThis.gc?.();
    expect(held.filter((reference) => reference.deref() !== undefined)).toEqual([]);
    // Its place is free again.
    for (let i = 0; i < 200; i++) {
      wrapAndForget();
      if (i % 50 === 0) {
        await new Promise(setImmediate);
        globalThis.gc?.();
      }
    }
    const last = () => 'last';
    profileComponent('api', last);
    const wrapped = vi.fn<(wrapped: WrappedFunction) => void>();
    setComponentCaptures({ wrapped, declared: () => {}, begin: () => undefined });
    expect(wrapped.mock.calls.map(([{ work }]) => work)).toContain(last);
  });
});

function wrapAndForget(): WeakRef<object> {
  const data = { rows: new Array(1000).fill(1) };
  profileComponent('api', () => data.rows.length)();
  return new WeakRef(data);
}

function raise(): never {
  throw new Error('the profiler is out of order');
}

describe('components', () => {
  test('are declared once, in order, by name or by wrapping', () => {
    defineComponents(['api', 'scheduler']);
    profileComponent('triggerer', () => {});
    defineComponents(['scheduler', 'dag_processor']);
    expect(declaredComponents()).toEqual(['api', 'scheduler', 'triggerer', 'dag_processor']);
  });

  test.each(['tenant/42', '', ' api', 'a,b', 'a\\b', 'a\n', 'x'.repeat(81), 42, undefined])(
    'cannot be called %j: the name is refused and not stored',
    (name) => {
      const told = traced();
      const names = ['good', name] as string[];
      expect(() => defineComponents(names)).toThrow(ConfigError);
      expect(() => profileComponent(name as string, () => {})).toThrow(ConfigError);
      expect(declaredComponents()).toEqual([]);
      expect(told).toEqual([]);
    },
  );

  test('must be given as an array', () => {
    expect(() => defineComponents('api' as unknown as string[])).toThrow(ConfigError);
  });

  test('generated at run time do not accumulate', () => {
    for (let i = 0; i < 5000; i++) profileComponent(`tenant-${i}`, () => {});
    expect(declaredComponents()).toHaveLength(1000);
    const wrapped = vi.fn();
    setComponentCaptures({ wrapped, declared: () => {}, begin: () => undefined });
    expect(wrapped.mock.calls.length).toBeLessThanOrEqual(1000);
  });

  test('are reported to a running profiler when new', () => {
    defineComponents(['api']);
    const told = traced();
    defineComponents(['api', 'scheduler']);
    profileComponent('api', () => {});
    expect(told.filter((text) => text.startsWith('declared'))).toEqual(['declared scheduler']);
  });

  test('are shared by two copies of this package', async () => {
    vi.resetModules();
    const copy = await import('../../src/main-thread/profiler/components.js');
    expect(copy.defineComponents).not.toBe(defineComponents);
    copy.defineComponents(['api']);
    expect(declaredComponents()).toEqual(['api']);
    const told = traced('api');
    copy.profileComponent('api', () => 1)();
    expect(told).toContain('begin api');
  });
});
