// Input files for commands, in a temporary folder.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePprof } from '@heapray/exporter/pprof';
import { type Labels, type Profile, ProfileBuilder, type StackHandle } from '@heapray/exporter/profile';
import { tempFolder } from '../../../../test/support/temp-folder.js';

/** A profile written by Node 24 with --heap-prof: a shop with an order cache. */
export const SHOP_HEAPPROFILE = fileURLToPath(new URL('../golden/shop.heapprofile', import.meta.url));

/** Creates a file with this content. Returns its path. */
export function fileWith(content: string | Uint8Array, name = 'input'): string {
  const file = path.join(tempFolder(), name);
  writeFileSync(file, content);
  return file;
}

/** Creates a file with the profile of a shop, as from the debug server. */
export function shopPprof(): string {
  return fileWith(encodePprof(shopProfile()), 'shop.pb');
}

/**
 * Returns a profile with four columns, labels, two functions of equal name, an anonymous function, and memory without a
 * stack.
 */
export function shopProfile(): Profile {
  const builder = new ProfileBuilder({
    columns: [
      { type: 'alloc_objects', unit: 'count' },
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    defaultColumn: 'inuse_space',
    period: { type: 'space', unit: 'bytes', value: 524_288 },
    timeNanos: 1_700_000_000_123_456_789n,
    durationNanos: 60_000_000_000n,
    comments: ['heapray: sampled'],
  });
  const main = builder.stack(undefined, builder.frame('main', '/srv/app/server.js', 1, 1));
  const route = builder.stack(main, builder.frame('', '/srv/app/routes.js', 12, 5));
  const load = builder.stack(route, builder.frame('load', '/srv/app/load.js', 3, 1));
  const cache = '/srv/app/node_modules/order-cache/index.js';
  const other = builder.stack(route, builder.frame('load', cache, 7, 10));
  const parse = builder.stack(load, builder.frame('(JSON.parse)', '', 0));
  const add = (stack: StackHandle | undefined, values: readonly number[], labels: Labels) =>
    builder.add(stack, values, builder.labels({ component: 'api', thread: 'main', ...labels }));
  add(main, [10, 1000, 1, 100], { package: 'shop' });
  add(parse, [4000, 40_960_000, 20, 2048], { package: 'shop' });
  add(other, [30, 3_145_728, 30, 3_145_728], { package: 'order-cache' });
  add(other, [1, 1024, 1, 1024], { package: 'order-cache', thread: 'worker 1' });
  add(undefined, [0, 0, 1, 65_536], { kind: 'array_buffer' });
  return builder.build();
}
