// Profiles with what OTLP must represent, besides those of the tests of pprof.
import { type Profile, ProfileBuilder } from '../../src/profile/index.js';
import { heapBuilder } from '../profile/arbitrary-profile.js';

/** Returns a profile with all kinds of labels and frames, inlined ones aside. */
export function manyKinds(): Profile {
  const builder = new ProfileBuilder({
    columns: [
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    defaultColumn: 'inuse_space',
    period: { type: 'space', unit: 'bytes', value: 524_288 },
    timeNanos: 1_700_000_000_000_000_000n,
    durationNanos: 60_000_000_000n,
    comments: ['one', 'two'],
    program: '/usr/bin/node',
    labelUnits: { error: 'bytes' },
  });
  const libc = {
    path: '/lib/libc.so.6',
    start: 0x7f00_0000_0000,
    limit: 0x7f00_0020_0000,
    fileOffset: 0x1000,
  };
  const addon = { path: '/srv/addon.node', start: 0, limit: Infinity };
  const main = builder.stack(undefined, builder.frame('main', '/srv/app/main.js', 7, 3, 5));
  const anonymous = builder.stack(main, builder.frame('', '/srv/app/main.js', 12, 5));
  const builtin = builder.stack(anonymous, builder.frame('split', '', 0));
  const native = builder.stack(
    builtin,
    builder.nativeFrame('malloc (libc.so.6)', { address: 0x7f00_0000_1234, mapping: libc }),
  );
  const unnamed = builder.stack(
    native,
    builder.nativeFrame('0x99 addon.node', { address: 0x99, mapping: addon }),
  );
  const python = builder.stack(main, builder.frame('load', '/srv/app/load.py', 30, 0, 28));
  const gc = builder.stack(undefined, builder.frame('(GC)', '', 0));
  builder.add(main, [1, 0], builder.labels({ thread: 'worker 1', thread_id: 3, package: 'app', error: 17 }));
  builder.add(unnamed, [2 ** 40, -5], builder.labels({ thread: 'main', error: 0, kind: 'native' }));
  builder.add(python, [3, 4], builder.labels({ tid: 99 }));
  builder.add(gc, [-1, 2]);
  builder.add(undefined, [0, 65_536], builder.labels({ kind: 'array_buffer' }));
  return builder.build();
}

/** Names that formats may damage. */
export const ODD_NAMES: readonly string[] = [
  'with\0NUL',
  'half \ud83d pair',
  'other half \ude00',
  'x'.repeat(10_000),
  'ä'.repeat(5_000),
  '\u202eright to left שלום',
  '"quotes" and \\',
  '\u{1f600}',
  'y'.repeat(63),
  'y'.repeat(64),
  'y'.repeat(127),
  'y'.repeat(128),
];

/** Returns a profile whose functions, files and labels have odd names. */
export function oddNames(): Profile {
  const builder = heapBuilder();
  for (const [at, name] of ODD_NAMES.entries()) {
    const stack = builder.stack(undefined, builder.frame(name, `/srv/${name}.js`, at + 1));
    builder.add(stack, [1, 2, 3, at + 1], builder.labels({ [name]: name }));
  }
  return builder.build();
}
