// The package of each function that the page shows.
import { expect, test } from 'vitest';
import { readModel } from '../../page/model/model.js';
import { packagesOf } from '../../page/model/packages.js';
import { makePageData } from '../../src/page/index.js';
import { ProfileBuilder } from '../../src/profile/index.js';

test('a function has the package of its samples, if they have one and the same', () => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const main = builder.stack(undefined, builder.frame('main', '/srv/app/main.js', 1));
  const add = (name: string, packageName?: string) => {
    const stack = builder.stack(main, builder.frame(name, '/srv/app/main.js', 5));
    builder.add(stack, [1024], builder.labels(packageName === undefined ? {} : { package: packageName }));
  };
  add('cached', 'order-cache');
  add('cached', 'order-cache');
  add('mixed', 'shop');
  add('mixed', 'order-cache');
  add('mixed', 'shop');
  add('unknown');
  const profile = builder.build();
  const data = makePageData(['before', 'after'].map((name) => ({ profile, name })));
  const model = readModel(JSON.stringify(data));
  const packages = packagesOf(model);
  const named = Object.fromEntries(model.functions.map(({ name }, fn) => [name, packages[fn]]));
  expect(named).toEqual({ main: undefined, cached: 'order-cache', mixed: undefined, unknown: undefined });
});

test('without that label, no function has one', () => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  builder.add(builder.stack(undefined, builder.frame('main', '/srv/app/main.js', 1)), [1024]);
  const model = readModel(JSON.stringify(makePageData([{ profile: builder.build(), name: '' }])));
  expect(packagesOf(model)).toEqual([undefined]);
});
