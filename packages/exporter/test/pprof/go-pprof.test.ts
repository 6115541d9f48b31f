// Uses `go tool pprof` as an oracle: it shares no code and no schema with heapray.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import { goPprof } from '../../../../test/support/peers.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { decodePprof, encodePprof, encodePprofGzip } from '../../src/pprof/index.js';
import {
  mergeProfiles,
  type Profile,
  ProfileBuilder,
  subtractProfiles,
  topOf,
} from '../../src/profile/index.js';
import { formatProfile } from '../profile/format-profile.js';
import { firstMinute, secondMinute } from './sample-profiles.js';

/** Returns the output of `go tool pprof` for profiles. Fails on a bad status or any warning. */
async function ask(options: readonly string[], ...profiles: Profile[]): Promise<string> {
  const folder = tempFolder();
  const files = profiles.map((profile, at) => {
    const file = path.join(folder, `${at}.pb`);
    writeFileSync(file, encodePprof(profile, { mainBinary: 'server.js' }));
    return file;
  });
  const asked = options.map((option) => option.replace('BASE', files[0]!));
  const { status, stdout, stderr } = await goPprof([
    ...asked,
    ...(asked.join() === options.join() ? files : files.slice(1)),
  ]);
  expect({ status, stderr: stderr.replace(/^(Generating report in|Fetching profile).*\n/gm, '') }).toEqual({
    status: 0,
    stderr: '',
  });
  return stdout;
}

/** Returns the profile that Go writes after reading ours. BASE in an option stands for the first profile. */
async function rewritten(options: readonly string[], ...profiles: Profile[]): Promise<Profile> {
  const output = path.join(tempFolder(), 'out.pb.gz');
  await ask(['-proto', `-output=${output}`, ...options], ...profiles);
  return decodePprof(readFileSync(output));
}

describeWithPeer('go tool pprof', 'go-pprof', () => {
  describe('-raw', () => {
    test('shows samples, labels, frames, mapping and header unchanged', async () => {
      const raw = await ask(['-raw'], firstMinute());
      expect(raw).toContain('Comment: mode: binding\nComment: objects are an estimate\n');
      expect(raw).toContain('PeriodType: space bytes\nPeriod: 524288\n');
      expect(raw).toContain('Time: 2023-11-14 22:13:20.123456789 +0000 UTC\nDuration: 1m0');
      expect(raw).toContain(
        'alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes[dflt]',
      );
      expect(raw).toMatch(
        /40 +4096 +20 +2048: \d \d \d *\n +component:\[web\] package:\[express\] thread:\[0\]/,
      );
      expect(raw).toMatch(/0 +0 +1 +65536: *\n +kind:\[array_buffer\]/);
      expect(raw).toMatch(/tid:\[0 id\]/);
      expect(raw).toMatch(
        /M=1 \(anonymous routes\.js:12:5\) \/srv\/app\/routes\.js:12:5 s=12\(\(anonymous\)\)/,
      );
      expect(raw).toMatch(/M=1 load \/srv\/app\/load\.js:3:1 s=3\n/);
      expect(raw).toMatch(/1: 0x0\/0x0\/0x0 server\.js +\[FN\]\[FL\]\[LN\]/);
    });

    test('shows every nanosecond of the year 2262', async () => {
      const builder = new ProfileBuilder({
        columns: [{ type: 'inuse_space', unit: 'bytes' }],
        timeNanos: 2n ** 63n - 1n,
        durationNanos: 2n ** 53n + 1n,
      });
      builder.add(undefined, [1]);
      const raw = await ask(['-raw'], builder.build());
      expect(raw).toContain('Time: 2262-04-11 23:47:16.854775807 +0000 UTC\n');
    });
  });

  describe('-top', () => {
    const columns = ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'];

    test.each(columns)('agrees with topOf on %s', async (column) => {
      const profile = secondMinute();
      const text = await ask(
        [
          '-top',
          '-filefunctions',
          '-unit=B',
          '-nodecount=1000',
          '-nodefraction=0',
          `-sample_index=${column}`,
        ],
        profile,
      );
      expect(text).toContain(`Type: ${column}\n`);
      const theirs = topRows(text);
      const ours = topOf(profile, { column, groupBy: 'function' })
        // Samples without a stack count in Go's total but have no row.
        .filter(({ name }) => name !== '(none)')
        .map(({ name, file, flat, cumulative }) => `${name} ${file} ${flat} ${cumulative}`);
      expect(theirs.sort()).toEqual(ours.sort());
    });

    test('shows the default column when none is requested', async () => {
      expect(await ask(['-top'], firstMinute())).toContain('Type: inuse_space\n');
    });

    test('shows the name of the program', async () => {
      expect(await ask(['-top'], firstMinute())).toContain('File: server.js\n');
    });
  });

  describe('names are shown in full', () => {
    const names = [
      // Python
      '<module>',
      '<lambda>',
      '<listcomp>',
      '<genexpr>',
      'Outer.<locals>.inner',
      // V8
      '<anonymous>',
      '<instance_members_initializer>',
      '<static_initializer>',
      'get [Symbol.toStringTag]',
      '[Symbol.iterator]',
      'Store.#load',
      'async *pages',
      '(V8 API)',
      '(EXTERNAL)',
      // C++ and Rust, as `perf` and WebAssembly name them
      'std::vector<int>',
      'std::vector<std::pair<int, char>, std::allocator<int>>::push_back(int&&)',
      '(anonymous namespace)::Parser::parse(char const*)',
      'std::function<void (int)>::operator()(int) const',
      'operator<',
      'operator->',
      '<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop',
      'core::ptr::drop_in_place<[u8]>',
      // others
      'Foo<Bar>.method',
      'Map<K, List<V>>.get(K)',
      'main.(*Cache[go.shape.int]).Get',
      'a < b > c',
      '>',
      'x[0](y)',
      'f(a, b)',
    ];
    // A function of a script may have the name of a mangled C++ one.
    const inScripts = ['_Zpl', '_ZN3foo3barEv', '__Z3addii', '_RNvC5crate4name'];

    const profile = () => {
      const builder = new ProfileBuilder({
        columns: [{ type: 'inuse_space', unit: 'bytes' }],
        timeNanos: 0n,
        durationNanos: 0n,
      });
      for (const [at, name] of [...names, ...inScripts].entries()) {
        const frame = builder.frame(name, '/srv/app/names.py', at + 1);
        builder.add(builder.stack(undefined, frame), [1000 + at]);
      }
      for (const [at, name] of names.entries()) {
        const frame = builder.frame(name, '', 0, 0);
        builder.add(builder.stack(undefined, frame), [10 + at]);
      }
      return builder.build();
    };

    test.each(['-symbolize=local', '-symbolize=none'])('%s', async (mode) => {
      const options = ['-top', '-unit=B', '-nodecount=1000', '-nodefraction=0', mode];
      const text = await ask(options, profile());
      const shown = [...text.matchAll(/^ *\d+B? +\S+% +\S+% +\d+B? +\S+% +(.*)$/gm)].map(([, name]) => name);
      expect(new Set(shown)).toEqual(new Set([...names, ...inScripts]));
    });

    test('are unchanged when read again', async () => {
      expect(formatProfile(await rewritten([], profile()))).toBe(formatProfile(profile()));
    });

    test('except a mangled name of machine code, which is demangled', async () => {
      const builder = new ProfileBuilder({
        columns: [{ type: 'inuse_space', unit: 'bytes' }],
        timeNanos: 0n,
        durationNanos: 0n,
      });
      builder.add(builder.stack(undefined, builder.frame('_ZN3foo3barEv', '', 0)), [1]);
      expect(await ask(['-top'], builder.build())).toMatch(/ foo::bar$/m);
    });
  });

  test('-tags shows text and number labels', async () => {
    const tags = await ask(['-tags'], firstMinute());
    expect(tags).toMatch(/package: Total .*\n.*: express\n/);
    expect(tags).toMatch(/component: Total .*\n.*: web\n/);
    expect(tags).toMatch(/thread: Total .*\n.*: 0\n/);
    expect(tags).toMatch(/tid: Total .*\n.*: 0\n/);
  });

  test('-comments shows the comments', async () => {
    expect((await ask(['-comments'], firstMinute())).trim()).toBe('mode: binding\nobjects are an estimate');
  });

  test('reads a gzipped profile', async () => {
    const file = path.join(tempFolder(), 'heap.pb.gz');
    writeFileSync(file, await encodePprofGzip(firstMinute()));
    const { status, stdout } = await goPprof(['-top', file]);
    expect(status).toBe(0);
    expect(stdout).toContain('Type: inuse_space\n');
  });

  describe('profiles that Go writes', () => {
    test.each([firstMinute, secondMinute])('%o is unchanged', async (make) => {
      expect(formatProfile(await rewritten([], make()))).toBe(formatProfile(make()));
    });

    test('are merged as in heapray', async () => {
      const parts = [firstMinute(), secondMinute()];
      expect(formatProfile(await rewritten([], ...parts))).toBe(formatProfile(mergeProfiles(parts)));
    });

    test('are subtracted as in heapray', async () => {
      const [older, newer] = [firstMinute(), secondMinute()];
      const theirs = formatProfile(await rewritten(['-base=BASE'], older, newer));
      const ours = formatProfile(subtractProfiles(newer, older));
      // The time differs on purpose: Go keeps that of the older profile and adds the durations.
      const withoutTime = (text: string) => text.replace(/^(time|duration): .*\n/gm, '');
      expect(withoutTime(theirs)).toBe(withoutTime(ours));
    });
  });
});

/** Returns the rows of `-top -filefunctions` as `name file flat cumulative`. */
function topRows(text: string): string[] {
  const lines = text.slice(text.indexOf('flat%')).split('\n').slice(1);
  return lines.filter(Boolean).map((line) => {
    const [, flat, cumulative, place] =
      /^ *(-?\d+)B? +\S+ +\S+ +(-?\d+)B? +\S+ +(.*)$/.exec(line) ?? expect.fail(`not a row: ${line}`);
    return `${place} ${flat} ${cumulative}`;
  });
}
