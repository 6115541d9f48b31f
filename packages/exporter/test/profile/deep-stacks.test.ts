// Operations on a profile take time proportional to its stacks, however deep they are.
import { describe, expect, test } from 'vitest';
import {
  type FrameRef,
  type Profile,
  ProfileBuilder,
  type StackHandle,
  type StackRef,
  stacksInCallOrder,
  topOf,
} from '../../src/profile/index.js';

const DEPTH = 20_000;

/** Every call allocates. Two functions call each other in turn, or one of the runtime calls itself. */
function deepProfile(file: string): Profile {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const frames = ['odd', 'even'].map((name) => builder.frame(name, file, 1));
  let stack: StackHandle | undefined;
  for (let depth = 0; depth < DEPTH; depth++) {
    stack = builder.stack(stack, frames[depth % 2]!);
    builder.add(stack, [1]);
  }
  return builder.build();
}

/** Returns the profile, and the number of look-ups of callers and frames. */
function counted(profile: Profile): { readonly profile: Profile; readonly asked: () => number } {
  let asked = 0;
  const counting: Partial<Profile> = {
    stackParent: (stack) => {
      asked++;
      return profile.stackParent(stack);
    },
    stackFrame: (stack) => {
      asked++;
      return profile.stackFrame(stack);
    },
    frames: function* (stack) {
      for (let at = stack; at !== undefined; at = this.stackParent!(at)) {
        yield profile.frame(this.stackFrame!(at));
      }
    },
  };
  const handler: ProxyHandler<Profile> = {
    get: (target, key) => {
      const own: unknown = Reflect.get(counting, key);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  };
  return { profile: new Proxy(profile, handler), asked: () => asked };
}

describe.each([
  ['of the program', '/a.js', ['odd 10000 20000', 'even 10000 19999']],
  ['of the runtime', 'node:fs', ['even 10000 10000', 'odd 10000 10000']],
])('a stack %s in which every call allocates', (_, file, rows) => {
  test.each(['function', 'file'] as const)('is grouped by %s', (groupBy) => {
    const { profile, asked } = counted(deepProfile(file));
    const found = topOf(profile, { column: 'inuse_space', groupBy });
    if (groupBy === 'function') {
      expect(found.map(({ name, flat, cumulative }) => `${name} ${flat} ${cumulative}`)).toEqual(rows);
    } else expect(found.map(({ name, flat }) => `${name} ${flat}`)).toEqual([`${file} ${DEPTH}`]);
    expect(asked()).toBeLessThan(20 * DEPTH);
  });
});

test('stacks are in call order, callees by rank', () => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'n', unit: 'count' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const paths = ['b', 'a', 'b c', 'b a', 'a z', 'b c d'];
  for (const path of paths) {
    let stack: StackHandle | undefined;
    for (const name of path.split(' ')) stack = builder.stack(stack, builder.frame(name, '', 0));
    builder.add(stack, [1]);
  }
  const profile = builder.build();
  const named = (order: Iterable<number>) =>
    Array.from(order, (stack) =>
      [...profile.frames(stack as StackRef)]
        .map(({ functionName }) => functionName)
        .reverse()
        .join(' '),
    );
  expect(named(stacksInCallOrder(profile))).toEqual(['b', 'b c', 'b c d', 'b a', 'a', 'a z']);
  const rankOf = (frame: FrameRef) => profile.frame(frame).functionName.charCodeAt(0);
  expect(named(stacksInCallOrder(profile, rankOf))).toEqual(['a', 'a z', 'b', 'b a', 'b c', 'b c d']);
});
