// Standard errors and ages of what the page shows.

import { describe, expect, test } from 'vitest';
import { errorText } from '../../page/basics/text.js';
import { agesOf } from '../../page/model/ages.js';
import { amountsOf } from '../../page/model/amounts.js';
import { type Model, readModel } from '../../page/model/model.js';
import { functionRows, hasChanged, labelRows } from '../../page/model/rows.js';
import { callTree } from '../../page/model/tree.js';
import { Uncertainty } from '../../page/model/uncertainty.js';
import { describe as describeFrame } from '../../page/profile/describe.js';
import { makePageData } from '../../src/page/index.js';
import { type Profile, ProfileBuilder } from '../../src/profile/index.js';

const NO_FILTERS = new Map<string, string>();
const KIB = 1024;

/** Returns a profile in which each function has its number of bytes in `sizes`, as objects of 1 KiB. */
function profileOf(sizes: Readonly<Record<string, number>>): Profile {
  const builder = new ProfileBuilder({
    columns: [
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const main = builder.stack(undefined, builder.frame('main', '/srv/app/main.js', 1));
  for (const [name, bytes] of Object.entries(sizes)) {
    const stack = builder.stack(main, builder.frame(name, '/srv/app/main.js', 5));
    builder.add(stack, [bytes / KIB / 4, bytes / 4], builder.labels({ age: '>1h' }));
    builder.add(stack, [(3 * bytes) / KIB / 4, (3 * bytes) / 4], builder.labels({ age: '<10s' }));
  }
  return builder.build();
}

function modelOf(interval: number | null | undefined, ...profiles: readonly Profile[]): Model {
  const data = makePageData(profiles.map((profile) => ({ profile, name: '' })));
  const known = interval === undefined ? {} : { samplingInterval: interval };
  return readModel(
    JSON.stringify({ ...data, profiles: data.profiles.map((each) => ({ ...each, ...known })) }),
  );
}

function errorsIn(model: Model, column: number): Record<string, string> {
  const uncertainty = Uncertainty.of(model, column, false)!;
  const tree = callTree(model, amountsOf(model, column, NO_FILTERS), false);
  const nodes = [tree, ...tree.children, ...tree.children.flatMap(({ children }) => children)];
  return Object.fromEntries(
    nodes.map((node) => {
      const mark = uncertainty.isUncertain(node) ? ' uncertain' : '';
      return [node.name, `${uncertainty.relative(node).toFixed(2)}${mark}`];
    }),
  );
}

describe('the standard error', () => {
  test('is that of a sum of sampled bytes, for bytes and objects alike', () => {
    const model = modelOf(64 * KIB, profileOf({ large: 100 * 64 * KIB, small: 4 * 64 * KIB }));
    const errors = { all: '0.10', main: '0.10', large: '0.10', small: '0.50 uncertain' };
    expect(errorsIn(model, 1)).toEqual(errors);
    expect(errorsIn(model, 0)).toEqual(errors);
  });

  test('of a change is that of the difference', () => {
    const before = profileOf({ same: 64 * KIB * 100, grew: 0 });
    const after = profileOf({ same: 64 * KIB * 104, grew: 64 * KIB * 100 });
    const errors = errorsIn(modelOf(64 * KIB, before, after), 1);
    expect(errors).toMatchObject({ same: '0.50 uncertain', grew: '0.10' });
  });

  test('is the least one of changes and of what was allocated', () => {
    const model = modelOf(64 * KIB, profileOf({ one: 1 }));
    const allocated = { ...model, columns: [{ type: 'alloc_space', unit: 'bytes' }] };
    expect([
      Uncertainty.of(model, 1, false)!.isLeast,
      Uncertainty.of(model, 1, true)!.isLeast,
      Uncertainty.of(allocated, 0, false)!.isLeast,
    ]).toEqual([false, true, true]);
  });

  test('is not known for exact values and unknown intervals', () => {
    const profile = profileOf({ one: 1 });
    expect([0, null, undefined, -1].map((each) => Uncertainty.of(modelOf(each, profile), 1, false))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('of rows is that of their frames', () => {
    const model = modelOf(64 * KIB, profileOf({ large: 100 * 64 * KIB, small: 4 * 64 * KIB }));
    const uncertainty = Uncertainty.of(model, 0, false)!;
    const rows = functionRows(model, amountsOf(model, 0, NO_FILTERS));
    const uncertain = rows.filter(({ self, total }) => self.after > 0 && uncertainty.isUncertain(total));
    expect(uncertain.map(({ name }) => name)).toEqual(['small']);
    const byAge = labelRows(model, model.labelKeys.indexOf('age'), 0, NO_FILTERS);
    expect(byAge.map(({ self }) => uncertainty.relative(self).toFixed(2)).sort()).toEqual(['0.11', '0.20']);
  });
});

test('a standard error above the value is only said to be that', () => {
  const model = modelOf(64 * KIB, profileOf({ tiny: KIB, large: 100 * 64 * KIB }));
  const uncertainty = Uncertainty.of(model, 1, false)!;
  const amounts = amountsOf(model, 1, NO_FILTERS);
  expect([errorText(0.1, false), errorText(0.1, true), errorText(8, true)]).toEqual([
    '10%',
    '≥10%',
    '> 100%',
  ]);
  const [main] = callTree(model, amounts, false).children;
  const context = {
    fn: undefined,
    unit: 'bytes',
    total: amounts.total,
    isDiff: false,
    hasSelf: true,
    uncertainty,
  };
  const tiny = main!.children.find(({ name }) => name === 'tiny')!;
  expect(describeFrame(tiny, context)).toContain('1.0 KiB ± over 100%, 0.0% of all');
});

test('a row without a change is none of a difference', () => {
  const model = modelOf(0, profileOf({ same: KIB, grew: KIB }), profileOf({ same: KIB, grew: 2 * KIB }));
  const rows = functionRows(model, amountsOf(model, 1, NO_FILTERS)).filter(hasChanged);
  expect(rows.map(({ name }) => name).sort()).toEqual(['grew', 'main']);
});

describe('ages', () => {
  test('are amounts of each function, the youngest first', () => {
    const model = modelOf(0, profileOf({ one: 8 * KIB }));
    const ages = agesOf(model, 1, NO_FILTERS)!;
    const fn = model.functions.findIndex(({ name }) => name === 'one');
    expect([ages.names, ages.amountsOf(fn), ages.amountsOf(99)]).toEqual([
      ['<10s', '>1h'],
      [6 * KIB, 2 * KIB],
      [0, 0],
    ]);
    expect(agesOf(model, 1, new Map([['age', '>1h']]))!.amountsOf(fn)).toEqual([0, 2 * KIB]);
  });

  test('are not known without the label', () => {
    const builder = new ProfileBuilder({
      columns: [{ type: 'space', unit: 'bytes' }],
      timeNanos: 0n,
      durationNanos: 0n,
    });
    builder.add(builder.stack(undefined, builder.frame('f', '/f.js', 1)), [1]);
    expect(agesOf(modelOf(0, builder.build()), 0, NO_FILTERS)).toBeUndefined();
  });
});
