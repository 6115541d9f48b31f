import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Profile, StackRef } from '../../src/profile/index.js';
import { addSamples, heapBuilder, heapProfiles } from './arbitrary-profile.js';
import { checkProfile, InvalidProfileError } from './check-profile.js';

const main = { name: 'main', file: 'a.js', line: 1, column: 1 };
const leak = { name: 'leak', file: 'a.js', line: 9, column: 1 };

const sound = addSamples(heapBuilder(), [
  { stack: [main], values: [1, 1, 1, 1], labels: { thread: '0' } },
  { stack: [main, leak], values: [2, 2, 2, 2], labels: {} },
]).build();

/** Returns the valid profile with some of its members replaced. */
function broken(answers: Partial<Profile>): Profile {
  // Use an empty object as the target, because a proxy may not contradict a frozen one.
  return new Proxy({} as Profile, {
    get(_, key) {
      if (Object.hasOwn(answers, key)) return Reflect.get(answers, key);
      const found = Reflect.get(sound, key, sound);
      return typeof found === 'function' ? found.bind(sound) : found;
    },
  });
}

test('every profile of a builder is valid', () => {
  fc.assert(fc.property(heapProfiles, (profile) => checkProfile(profile)));
});

describe('names a broken invariant', () => {
  const [first] = sound.columns;

  test.each<[string, Partial<Profile>]>([
    ['columns have their own types', { columns: [] }],
    ['columns have their own types', { columns: [first!, first!] }],
    ['columns have their own types', { defaultColumn: 'wall_time' }],
    ['the time is not negative', { timeNanos: -1n }],
    ['the duration is not negative', { durationNanos: -1n }],
    [
      'lines and columns are whole numbers from 0',
      { frame: () => ({ functionName: 'f', file: 'a.js', line: -1, column: 0 }) },
    ],
    ['frames are different', { frame: () => ({ functionName: 'f', file: 'a.js', line: 1, column: 0 }) }],
    ['callers come before callees', { stackParent: () => 1 as StackRef }],
    ['stacks have frames', { frameCount: 1 }],
    [
      'stacks are different',
      { stackParent: () => undefined, stackFrame: () => sound.stackFrame(0 as StackRef) },
    ],
    ['samples have stacks', { stackOf: () => 2 as StackRef }],
    ['samples differ in stack or labels', { stackOf: () => undefined, labelsOf: () => ({}) }],
    ['labels have a key and a text or whole number', { labelsOf: () => ({ thread: '' }) }],
    ['labels have a key and a text or whole number', { labelsOf: () => ({ thread: 0.5 }) }],
    ['values are whole numbers', { value: () => 0.5 }],
    ['samples are not zero throughout', { value: () => 0 }],
  ])('%s', (invariant, answers) => {
    let thrown: unknown;
    try {
      checkProfile(broken(answers));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidProfileError);
    expect(thrown).toMatchObject({ name: 'InvalidProfileError', invariant });
    expect((thrown as Error).message).toMatch(`invalid profile: ${invariant}: `);
  });
});
