// The data of the page: what it shows must be what the profile says.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { amountsOf, labelValues } from '../../page/model/amounts.js';
import { type Model, readModel } from '../../page/model/model.js';
import { functionRows, labelRows } from '../../page/model/rows.js';
import {
  callTree,
  invertedTree,
  matchedAmount,
  matchingFunctions,
  sandwich,
  type TreeNode,
} from '../../page/model/tree.js';
import { findZoom, zoomText } from '../../page/profile/zoom-text.js';
import { hideSourcePaths, makePageData } from '../../src/page/index.js';
import { type Profile, ProfileBuilder, type StackHandle, topOf, totals } from '../../src/profile/index.js';
import { addSamples, heapBuilder, samplesOf, wholeNumbers } from '../profile/arbitrary-profile.js';

const NO_FILTERS = new Map<string, string>();

function modelOf(...profiles: readonly Profile[]): Model {
  const data = makePageData(profiles.map((profile, at) => ({ profile, name: `profile ${at}` })));
  return readModel(JSON.stringify(data));
}

function shop(sizes: Readonly<Record<string, number>>): Profile {
  const builder = new ProfileBuilder({
    columns: [
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    timeNanos: 1_700_000_000_123_000_000n,
    durationNanos: 0n,
  });
  const main = builder.stack(undefined, builder.frame('main', '/srv/app/server.js', 1, 1));
  for (const [name, size] of Object.entries(sizes)) {
    const file = name.startsWith('lib') ? `/srv/app/node_modules/${name}/index.js` : '/srv/app/shop.js';
    const stack = builder.stack(main, builder.frame(name, file, 5, 1));
    const leaf = builder.stack(stack, builder.frame('(JSON.parse)', '', 0));
    builder.add(
      leaf,
      [1, size],
      builder.labels({ package: name.startsWith('lib') ? name : 'shop', 'x-other': 1 }),
    );
  }
  return builder.build();
}

/** Checks that no frame has less than its callees. */
function checkTree(node: TreeNode): void {
  const inside = node.children.reduce((sum, { weight }) => sum + weight, 0);
  expect(inside).toBeLessThanOrEqual(node.weight);
  for (const child of node.children) checkTree(child);
}

test.each([
  ['that of the source', 0, { type: 'space', unit: 'bytes', value: 524_288 }, 0],
  ['the period in bytes', undefined, { type: 'space', unit: 'bytes', value: 524_288 }, 524_288],
  ['unknown for another period', undefined, { type: 'cpu', unit: 'nanoseconds', value: 10 }, null],
  ['unknown without a period', undefined, undefined, null],
])('the sampling interval is %s', (_, samplingInterval, period, expected) => {
  const profile = new ProfileBuilder({
    columns: [{ type: 'space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
    ...(period && { period }),
  }).build();
  const { profiles } = makePageData([{ profile, name: 'it', samplingInterval }]);
  expect(profiles[0]!.samplingInterval).toBe(expected);
});

test('totals and rows are those of the profile, for any profile', () => {
  fc.assert(
    fc.property(samplesOf(wholeNumbers, 4), (samples) => {
      const profile = addSamples(heapBuilder(), samples).build();
      const model = modelOf(profile);
      expect(model.profiles[0]!.totals).toEqual(Object.values(totals(profile)));
      for (const [column, { type }] of profile.columns.entries()) {
        const amounts = amountsOf(model, column, NO_FILTERS);
        expect(amounts.total.after).toBe(totals(profile)[type]);
        const rows = functionRows(model, amounts).map(({ name, file, self, total }) => {
          return { name, file, flat: self.after, cumulative: total.after };
        });
        const expected = topOf(profile, { column: type, groupBy: 'function' });
        // Rows of other columns have zeros here.
        const shown = rows.filter(({ flat, cumulative }) => flat !== 0 || cumulative !== 0);
        expect(shown).toHaveLength(expected.length);
        expect(shown).toEqual(
          expect.arrayContaining(
            expected.map(({ name, file, flat, cumulative }) => ({ name, file, flat, cumulative })),
          ),
        );
        for (const isOnlyOwn of [false, true]) {
          for (const tree of [callTree(model, amounts, isOnlyOwn), invertedTree(model, amounts, isOnlyOwn)]) {
            expect({ weight: tree.weight, after: tree.after }).toEqual({
              weight: amounts.total.weight,
              after: amounts.total.after,
            });
            checkTree(tree);
          }
        }
      }
    }),
  );
});

test('has two profiles in one tree, and draws what shrank, too', () => {
  const model = modelOf(shop({ load: 100, gone: 50 }), shop({ load: 300, fresh: 7 }));
  const amounts = amountsOf(model, 1, NO_FILTERS);
  expect(amounts.total).toEqual({ before: 150, after: 307, sampled: 157, weight: 357 });
  const tree = callTree(model, amounts, true);
  const [main] = tree.children;
  const children = main!.children.map(({ name, before, after, weight }) => ({ name, before, after, weight }));
  expect(children).toEqual([
    { name: 'load', before: 100, after: 300, weight: 300 },
    { name: 'gone', before: 50, after: 0, weight: 50 },
    { name: 'fresh', before: 0, after: 7, weight: 7 },
  ]);
  expect(functionRows(model, amounts).find(({ name }) => name === 'load')).toMatchObject({
    self: { before: 100, after: 300 },
    total: { before: 100, after: 300 },
  });
});

test('filters by the labels that occur', () => {
  const model = modelOf(shop({ load: 100, libcache: 50 }));
  expect(model.labelKeys).toEqual(['package']);
  expect(labelValues(model, 0, 1)).toEqual(['shop', 'libcache']);
  const amounts = amountsOf(model, 1, new Map([['package', 'libcache']]));
  expect(amounts.total.after).toBe(50);
  expect(callTree(model, amounts, false).after).toBe(50);
  expect(labelRows(model, 0, 1, NO_FILTERS).map(({ name, self }) => [name, self.after])).toEqual([
    ['shop', 100],
    ['libcache', 50],
  ]);
});

test('only my code leaves out frames of packages and of the runtime, but no amount', () => {
  const model = modelOf(shop({ load: 100, libcache: 50 }));
  const tree = callTree(model, amountsOf(model, 1, NO_FILTERS), true);
  expect(tree.after).toBe(150);
  expect(tree.children.map(({ name, after }) => [name, after])).toEqual([['main', 150]]);
  expect(tree.children[0]!.children.map(({ name, after }) => [name, after])).toEqual([['load', 100]]);
});

test('search counts each stack once', () => {
  const model = modelOf(shop({ load: 100, reload: 50, libcache: 25 }));
  const amounts = amountsOf(model, 1, NO_FILTERS);
  const found = (text: string, isOnlyOwn = false): number => {
    return matchedAmount(model, amounts, matchingFunctions(model, text)!, isOnlyOwn).after;
  };
  expect(found('LOAD')).toBe(150);
  expect(found('/srv/app/')).toBe(175);
  expect(found('libcache')).toBe(25);
  expect(found('server.js:1')).toBe(175);
  expect(found('index.js:5')).toBe(25);
  expect(found('libcache', true)).toBe(0);
  expect(matchingFunctions(model, ' ')).toBeUndefined();
});

test('the inverted tree starts with what allocates', () => {
  const model = modelOf(shop({ load: 100, libcache: 50 }));
  const amounts = amountsOf(model, 1, NO_FILTERS);
  const paths = (node: TreeNode, above = ''): string[] => {
    const path = `${above}/${node.name}`;
    return [`${path} ${node.after}`, ...node.children.flatMap((child) => paths(child, path))];
  };
  expect(paths(invertedTree(model, amounts, false))).toEqual([
    '/all 150',
    '/all/(JSON.parse) 150',
    '/all/(JSON.parse)/load 100',
    '/all/(JSON.parse)/load/main 100',
    '/all/(JSON.parse)/libcache 50',
    '/all/(JSON.parse)/libcache/main 50',
  ]);
  expect(paths(invertedTree(model, amounts, true))).toEqual([
    '/all 150',
    '/all/load 100',
    '/all/load/main 100',
    '/all/main 50',
  ]);
});

test('callers and callees of a recursive function count its amount once', () => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const frame = (name: string) => builder.frame(name, '/a.js', name.charCodeAt(0));
  const stackOf = (names: string): StackHandle | undefined => {
    return [...names].reduce<StackHandle | undefined>(
      (caller, name) => builder.stack(caller, frame(name)),
      undefined,
    );
  };
  builder.add(stackOf('afbfc'), [10]);
  builder.add(stackOf('df'), [5]);
  const model = modelOf(builder.build());
  const fn = model.functions.findIndex(({ name }) => name === 'f');
  const { callers, callees } = sandwich(model, amountsOf(model, 0, NO_FILTERS), fn);
  expect([callers.after, callees.after]).toEqual([15, 15]);
  expect(callers.children.map(({ name, after }) => [name, after])).toEqual([
    ['a', 10],
    ['d', 5],
  ]);
  expect(callees.children.map(({ name, after }) => [name, after])).toEqual([['b', 10]]);
});

test('hides the folders of sources, but not of packages', () => {
  const data = hideSourcePaths(
    makePageData([{ profile: shop({ load: 100, libcache: 50 }), name: '/home/me/secret/app.pb' }]),
  );
  const json = JSON.stringify(data);
  expect(json).not.toMatch(/srv|secret/);
  const model = readModel(json);
  expect(model.functions.map(({ file }) => file).sort()).toEqual([
    '',
    'node_modules/libcache/index.js',
    'server.js',
    'shop.js',
  ]);
  expect(model.title).toBe('app.pb');
  expect(amountsOf(model, 1, NO_FILTERS).total.after).toBe(150);
});

test.each([
  ['/home/Jane Doe/secret/app.js', 'app.js'],
  ['file:///home/Jane%20Doe/secret/app.mjs', 'app.mjs'],
  ['C:\\Users\\secret\\app.js', 'app.js'],
  ['\\\\secret\\share\\app.js', 'app.js'],
  ['load (/home/secret/app.js:1)', 'load (app.js:1)'],
  ['read "\\\\secret\\share\\app.js"', 'read "app.js"'],
  ['scheduler@/srv/secret/airflow', 'scheduler@airflow'],
  ['run <C:\\secret\\app.js>', 'run <app.js>'],
  ['a|/srv/secret/app.js', 'a|app.js'],
  ['run {/srv/secret/app.js}', 'run {app.js}'],
  ['loader!/srv/secret/app.js', 'loader!app.js'],
  ['webpack:///srv/secret/app.js', 'webpack:app.js'],
  ['load (/home/Jane Doe/secret/app.js:1)', 'load (app.js:1)'],
  ['at "C:\\My Files\\secret\\app.js"', 'at "app.js"'],
  ['see /srv/secret/a.js and /srv/secret/b.js', 'see a.js and b.js'],
  ['@scope/package', '@scope/package'],
  ['pages/[id]/edit/page.js', 'pages/[id]/edit/page.js'],
  ['app/(shop)/cart/page.js', 'app/(shop)/cart/page.js'],
  ['é/a/b.js', 'é/a/b.js'],
  ['get a/b', 'get a/b'],
])('hides the folders in the text %j', (text, shown) => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const stack = builder.stack(undefined, builder.frame(text, '/srv/secret/x.js', 1));
  builder.add(stack, [1], builder.labels({ package: text }));
  const data = makePageData([{ profile: builder.build(), name: text }]);
  const { title, functions, labelSets } = readModel(JSON.stringify(hideSourcePaths(data)));
  expect([title, functions[0]!.name, labelSets[0]![0]]).toEqual([shown, shown, shown]);
});

test('finds the frame of a zoom again, or the last one on the way to it', () => {
  const textOf = ({ name }: TreeNode) => name;
  const treeOf = (sizes: Readonly<Record<string, number>>) => {
    const model = modelOf(shop(sizes));
    return callTree(model, amountsOf(model, 1, NO_FILTERS), false);
  };
  const load = treeOf({ load: 100, libcache: 50 }).children[0]!.children[0]!;
  const zoom = zoomText(load, textOf);
  expect(zoomText(treeOf({ load: 1 }), textOf)).toBe('');
  expect(findZoom(treeOf({ libcache: 500, load: 1 }), zoom, textOf).name).toBe('load');
  expect(findZoom(treeOf({ libcache: 500 }), zoom, textOf).name).toBe('main');
  expect(findZoom(treeOf({ load: 1 }), '', textOf).name).toBe('all');
});

test('refuses data that it cannot read', () => {
  const data = makePageData([{ profile: shop({ load: 1 }), name: 'x' }]);
  const problems: readonly (readonly [unknown, string])[] = [
    [{ ...data, version: 2 }, 'this page reads version 1, not 2'],
    [{ ...data, format: 'other' }, 'it is not data of heapray'],
    [null, 'it is not data of heapray'],
    [{ ...data, tree: { ...data.tree, callers: [1, 1, 1] } }, 'node 0 has no caller'],
    [{ ...data, tree: { ...data.tree, functions: [0, 1, 99] } }, 'there is no function 99'],
    [{ ...data, labels: undefined }, 'a part is missing'],
  ];
  for (const [value, message] of problems) expect(() => readModel(JSON.stringify(value))).toThrow(message);
  expect(() => readModel('{')).toThrow('it is not JSON');
});

test('refuses profiles that cannot be compared', () => {
  const one = { profile: shop({ load: 1 }), name: 'x' };
  expect(() => makePageData([])).toThrow('a page shows one or two profiles, not 0');
  expect(() => makePageData([one], { column: 'peak_space' })).toThrow('no column peak_space');
  const other = new ProfileBuilder({
    columns: [{ type: 'x', unit: 'y' }],
    timeNanos: 0n,
    durationNanos: 0n,
  }).build();
  expect(() => makePageData([one, { profile: other, name: 'y' }])).toThrow('different columns');
});
