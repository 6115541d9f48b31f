import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { runCommand } from '../../../test/support/run-command.js';
import {
  declaredComponents,
  defineComponents,
  profileComponent,
  setComponentCaptures,
} from '../src/components.js';

/** What a profiler that traces these components is told. */
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
  // One registry serves the process; each test begins with a new one.
  delete (globalThis as Record<symbol, unknown>)[Symbol.for('heapray.components.1')];
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

  test('until its promise is kept', async () => {
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

  test('until its promise is broken', async () => {
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

  test('until a thenable that is no promise settles, and the thenable is passed on', () => {
    const told = traced('api');
    const settled: ((value: number) => void)[] = [];
    // biome-ignore lint/suspicious/noThenProperty: it is to be one.
    const thenable = { then: (kept: (value: number) => void) => void settled.push(kept), more: true };
    const work = profileComponent('api', () => thenable);
    told.length = 0;
    expect(work()).toBe(thenable);
    expect(told).toEqual(['begin api']);
    settled[0]?.(1);
    expect(told).toEqual(['begin api', 'end api']);
  });

  test.each([undefined, null, 0, '', [1]])('and returns %j as it is', (value) => {
    const told = traced('api');
    const work = profileComponent('api', () => value);
    told.length = 0;
    expect(work()).toBe(value);
    expect(told).toEqual(['begin api', 'end api']);
  });

  test('within another one', () => {
    const told = traced('api', 'scheduler');
    const inner = profileComponent('scheduler', () => told.push('work'));
    const outer = profileComponent('api', () => inner());
    told.length = 0;
    outer();
    expect(told).toEqual(['begin api', 'begin scheduler', 'work', 'end scheduler', 'end api']);
  });

  test('only from the moment it is traced', () => {
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

test.each(['traced', 'untraced'])('a %s component that fails unnoticed ends the process', async (tracing) => {
  const program = fileURLToPath(new URL('programs/failing-component.mjs', import.meta.url));
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

  test('that is not traced hands on the very promise of the work', () => {
    traced('scheduler');
    const promise = Promise.resolve(1);
    expect(profileComponent('api', () => promise)()).toBe(promise);
  });

  test('that is not traced tells the profiler nothing when it is called', () => {
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

  test('is told to a profiler that starts later', () => {
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

  test('is forgotten when there are too many, and works all the same', () => {
    for (let i = 0; i < 1500; i++) profileComponent('api', () => i);
    const wrapped = vi.fn();
    setComponentCaptures({ wrapped, declared: () => {}, begin: () => undefined });
    expect(wrapped.mock.calls.length).toBe(1000);
    const told = traced('api');
    expect(profileComponent('api', () => 'last')()).toBe('last');
    expect(told).toContain('end api');
  });
});

describe('components', () => {
  test('are declared once, in order, by name or by wrapping', () => {
    defineComponents(['api', 'scheduler']);
    profileComponent('triggerer', () => {});
    defineComponents(['scheduler', 'dag_processor']);
    expect(declaredComponents()).toEqual(['api', 'scheduler', 'triggerer', 'dag_processor']);
  });

  test('are told to a running profiler when they are new', () => {
    defineComponents(['api']);
    const told = traced();
    defineComponents(['api', 'scheduler']);
    profileComponent('api', () => {});
    expect(told.filter((text) => text.startsWith('declared'))).toEqual(['declared scheduler']);
  });

  test('are one list for two copies of this package', async () => {
    vi.resetModules();
    const copy = await import('../src/components.js');
    expect(copy.defineComponents).not.toBe(defineComponents);
    copy.defineComponents(['api']);
    expect(declaredComponents()).toEqual(['api']);
    const told = traced('api');
    copy.profileComponent('api', () => 1)();
    expect(told).toContain('begin api');
  });
});
